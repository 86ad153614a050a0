// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash of a session key's cumulative permission to charge. It never compares two vouchers.
library VoucherType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "Voucher(bytes32 lease,uint64 perNode,uint32 upTo,uint16 forced,bool last)"
    );

    function hash(
        bytes32 leaseId,
        uint64 perNode,
        uint32 upTo,
        uint16 forced,
        bool last
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, leaseId, perNode, upTo, forced, last));
    }
}
