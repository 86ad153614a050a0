// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides where an element of an array lies in memory. It never checks that the element is there: callers have done so,
/// once for all uses, where the compiler would check each use anew.
library Rows {
    function get(uint256[] memory rows, uint256 index) internal pure returns (uint256 row) {
        assembly ("memory-safe") {
            row := mload(add(add(rows, 0x20), shl(5, index)))
        }
    }

    function get(address[] memory rows, uint256 index) internal pure returns (address row) {
        assembly ("memory-safe") {
            row := mload(add(add(rows, 0x20), shl(5, index)))
        }
    }

    function set(uint256[] memory rows, uint256 index, uint256 row) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(rows, 0x20), shl(5, index)), row)
        }
    }
}
