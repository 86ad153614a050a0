// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A voucher word for word as EIP-712 encodes it: a struct in memory is hashed where it lies.
struct Voucher {
    /// Always `VoucherType.TYPE_HASH`.
    bytes32 typeHash;
    bytes32 lease;
    uint256 perNode;
    uint256 upTo;
    uint256 forced;
    bool last;
}

/// Decides the EIP-712 struct hash of a session key's cumulative permission to charge. It never compares two vouchers.
library VoucherType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "Voucher(bytes32 lease,uint64 perNode,uint32 upTo,uint16 forced,bool last)"
    );

    function hash(Voucher memory voucher) internal pure returns (bytes32 structHash) {
        assembly ("memory-safe") {
            structHash := keccak256(voucher, 0xc0)
        }
    }
}
