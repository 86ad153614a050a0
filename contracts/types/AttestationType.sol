// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation} from "../interfaces/IExchange.sol";

/// Decides the EIP-712 struct hash of an attestation. It never checks who signed it.
library AttestationType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "Attestation(bytes32 order,address node,bytes32 resultHash,uint96 price,bytes32 commits)"
    );

    function hash(bytes32 order, Attestation calldata attestation) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    TYPE_HASH,
                    order,
                    attestation.node,
                    attestation.resultHash,
                    attestation.price,
                    attestation.commits
                )
            );
    }
}
