// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease} from "../interfaces/IExchange.sol";

/// Decides the EIP-712 hash of a lease's terms, which is the lease id. It never reads the state of a lease.
library LeaseType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "Lease(address consumer,address sessionKey,bytes32 salt,address[] nodes)"
    );

    function hash(Lease calldata lease) internal pure returns (bytes32) {
        return hash(lease.consumer, lease.sessionKey, lease.salt, keccak256(abi.encodePacked(lease.nodes)));
    }

    /// `nodesHash` is the hash of the committee's addresses, each padded to 32 bytes.
    function hash(
        address consumer,
        address sessionKey,
        bytes32 salt,
        bytes32 nodesHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, consumer, sessionKey, salt, nodesHash));
    }

    /// An array in memory lies as EIP-712 wants it, so it is hashed where it lies.
    function hashNodes(address[] memory nodes) internal pure returns (bytes32 nodesHash) {
        assembly ("memory-safe") {
            nodesHash := keccak256(add(nodes, 0x20), shl(5, mload(nodes)))
        }
    }
}
