// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash by which a consumer lets anyone open a lease for it. It never moves funds.
library OpenLeaseType {
    /// The nested struct's hash is the lease id, and wallets show the terms in full.
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "OpenLease(Lease lease,uint96 amount,uint40 expiry,uint40 validUntil)"
        "Lease(address consumer,address sessionKey,bytes32 salt,address[] nodes)"
    );

    function hash(bytes32 leaseId, uint96 amount, uint40 expiry, uint40 validUntil) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, leaseId, amount, expiry, validUntil));
    }
}
