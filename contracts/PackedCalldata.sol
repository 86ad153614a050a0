// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "./interfaces/IExchange.sol";

/// Decides how one value is read from a packed batch. It never knows what the value means, nor which batch it is of.
///
/// Reads may reach past the batch's end: callers keep only bytes whose presence they have required. Offsets stay below the
/// length of calldata, which no block can fill to a word's end.
library PackedCalldata {
    uint256 internal constant NODE_BYTES = 20;
    uint256 internal constant SIGNATURE_BYTES = 64;
    uint256 internal constant SEAT_BYTES = 2;

    function requireLength(bytes calldata batch, uint256 needed) internal pure {
        if (batch.length < needed) refuse(batch, needed);
    }

    function refuse(bytes calldata batch, uint256 needed) internal pure {
        revert IExchange.BatchMalformed(batch.length, needed);
    }

    function wordAt(bytes calldata batch, uint256 offset) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(batch.offset, offset))
        }
    }

    function uintAt(bytes calldata batch, uint256 offset, uint256 size) internal pure returns (uint256) {
        unchecked {
            return uint256(wordAt(batch, offset)) >> (256 - 8 * size);
        }
    }

    function addressAt(bytes calldata batch, uint256 offset) internal pure returns (address) {
        return address(uint160(uintAt(batch, offset, 20)));
    }
}
