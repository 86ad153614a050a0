// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease} from "../interfaces/IExchange.sol";

/// Decides the EIP-712 hash of a lease's terms, which is the lease id. It never reads the state of a lease.
library LeaseType {
    string internal constant TYPE = "Lease(address consumer,address sessionKey,bytes32 salt,address[] nodes)";
    bytes32 internal constant TYPE_HASH = keccak256(bytes(TYPE));

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
}
