// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobOrder} from "../interfaces/IExchange.sol";

/// Decides the EIP-712 struct hash of an order. It never judges whether the order may be settled.
library JobOrderType {
    /// Of the literal, which the compiler folds; of a constant string it would be hashed at every use.
    bytes32 internal constant TYPE_HASH = keccak256(
        "JobOrder(bytes32 lease,uint32 nonce,bytes32 jobs,uint96 maxPrice,uint96 forceFee,uint16 quorumBps,uint40 deadline)"
    );

    /// A struct of static fields lies in calldata as EIP-712 encodes it. Bits above a field's type are hashed as they
    /// are, so they only make an order that nobody signed.
    function hash(JobOrder calldata order) internal pure returns (bytes32 structHash) {
        bytes32 typeHash = TYPE_HASH;
        assembly ("memory-safe") {
            let encoded := mload(0x40)
            mstore(encoded, typeHash)
            calldatacopy(add(encoded, 0x20), order, 0xe0)
            structHash := keccak256(encoded, 0x100)
        }
    }
}
