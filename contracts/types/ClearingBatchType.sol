// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash that every node of a clearing signs. It never reads the entries behind the hash.
library ClearingBatchType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "ClearingBatch(bytes32 entries,bytes32 receiptsRoot,uint40 validUntil)"
    );

    function hash(bytes32 entries, bytes32 receiptsRoot, uint40 validUntil) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, entries, receiptsRoot, validUntil));
    }
}
