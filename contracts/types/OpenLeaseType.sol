// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A consumer's wish word for word as EIP-712 encodes it: a struct in memory is hashed where it lies.
struct OpenLease {
    /// Always `OpenLeaseType.TYPE_HASH`.
    bytes32 typeHash;
    /// The nested struct's hash is the lease id, and wallets show the terms in full.
    bytes32 lease;
    uint256 amount;
    uint256 expiry;
    uint256 validUntil;
}

/// Decides the EIP-712 struct hash by which a consumer lets anyone open a lease for it. It never moves funds.
library OpenLeaseType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "OpenLease(Lease lease,uint96 amount,uint40 expiry,uint40 validUntil)"
        "Lease(address consumer,address sessionKey,bytes32 salt,address[] nodes)"
    );

    function hash(OpenLease memory wish) internal pure returns (bytes32 structHash) {
        assembly ("memory-safe") {
            structHash := keccak256(wish, 0xa0)
        }
    }
}
