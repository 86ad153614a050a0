// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash of what a juror signs about an order. It never says who the jurors are.
library VerdictType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256("Verdict(bytes32 order,bytes32 resultHash)");

    function hash(bytes32 order, bytes32 resultHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, order, resultHash));
    }
}
