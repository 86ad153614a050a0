// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash by which a node's key accepts its owner. It never registers anything.
library NodeRegistrationType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256("NodeRegistration(address node,address owner,uint256 validUntil)");

    function hash(address node, address owner, uint256 validUntil) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, node, owner, validUntil));
    }
}
