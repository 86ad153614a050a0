// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash that a whole committee signs when the consumer is silent. It never judges a price.
library ClaimType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "Claim(bytes32 lease,bytes32 orders,bytes32 receiptsRoot,uint96 perNode)"
    );

    function hash(
        bytes32 leaseId,
        bytes32 orders,
        bytes32 receiptsRoot,
        uint96 perNode
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, leaseId, orders, receiptsRoot, perNode));
    }
}
