// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease, LeaseOpening} from "../../contracts/interfaces/IExchange.sol";

/// Packs openings for `openMany`, by other means than the contract reads them. Every node gets a row of its own for each
/// seat, so that a table that names a node more than once is always among what is tested.
library PackedOpenings {
    function pack(LeaseOpening[] memory openings) internal pure returns (bytes memory) {
        uint16 rows = 0;
        bytes memory table;
        bytes memory packed;
        for (uint256 i = 0; i < openings.length; ++i) {
            address[] memory nodes = openings[i].lease.nodes;
            packed = bytes.concat(packed, packOne(openings[i]));
            for (uint256 j = 0; j < nodes.length; ++j) {
                table = abi.encodePacked(table, nodes[j]);
                packed = abi.encodePacked(packed, rows++);
            }
        }
        return bytes.concat(abi.encodePacked(rows, uint16(openings.length)), table, packed);
    }

    /// Up to the committee's size.
    function packOne(LeaseOpening memory opening) internal pure returns (bytes memory) {
        Lease memory lease = opening.lease;
        bytes memory terms = abi.encodePacked(lease.consumer, lease.sessionKey, lease.salt);
        bytes memory wish = abi.encodePacked(opening.amount, opening.expiry, opening.validUntil);
        return bytes.concat(terms, wish, compact(opening.signature), bytes1(uint8(lease.nodes.length)));
    }

    /// The 64-byte form of EIP-2098, of the 65-byte one.
    function compact(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = (0, 0);
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return abi.encodePacked(r, s | bytes32(uint256(uint8(signature[64]) - 27) << 255));
    }
}
