// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash by which a juror's key says that it is known and whose it is. It never registers it.
library JurorKeyType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256("JurorKey(address node,bytes key)");

    /// `keyHash` is the hash of the key's 128 bytes.
    function hash(address node, bytes32 keyHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, node, keyHash));
    }
}
