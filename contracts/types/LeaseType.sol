// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease} from "../interfaces/IExchange.sol";

/// The terms word for word as EIP-712 encodes them: a struct in memory is hashed where it lies.
struct LeaseTerms {
    /// Always `LeaseType.TYPE_HASH`.
    bytes32 typeHash;
    address consumer;
    address sessionKey;
    bytes32 salt;
    bytes32 nodesHash;
}

/// Decides the EIP-712 hash of a lease's terms, which is the lease id. It never reads the state of a lease.
library LeaseType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "Lease(address consumer,address sessionKey,bytes32 salt,address[] nodes)"
    );

    /// The fixed terms and the nodes lie in calldata as EIP-712 encodes them. Bits above an address are hashed as they
    /// are, so they only make terms that nobody opened.
    function hash(Lease calldata lease) internal pure returns (bytes32 leaseId) {
        bytes32 typeHash = TYPE_HASH;
        address[] calldata nodes = lease.nodes;
        assembly ("memory-safe") {
            let encoded := mload(0x40)
            calldatacopy(encoded, nodes.offset, shl(5, nodes.length))
            mstore(add(encoded, 0x80), keccak256(encoded, shl(5, nodes.length)))
            mstore(encoded, typeHash)
            calldatacopy(add(encoded, 0x20), lease, 0x60)
            leaseId := keccak256(encoded, 0xa0)
        }
    }

    function hash(LeaseTerms memory terms) internal pure returns (bytes32 leaseId) {
        assembly ("memory-safe") {
            leaseId := keccak256(terms, 0xa0)
        }
    }

    /// An array in memory lies as EIP-712 wants it, so it is hashed where it lies.
    function hashNodes(address[] memory nodes) internal pure returns (bytes32 nodesHash) {
        assembly ("memory-safe") {
            nodesHash := keccak256(add(nodes, 0x20), shl(5, mload(nodes)))
        }
    }
}
