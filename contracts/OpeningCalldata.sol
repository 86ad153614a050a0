// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PackedCalldata} from "./PackedCalldata.sol";
import {Seats} from "./Seats.sol";
import {LeaseTerms, LeaseType} from "./types/LeaseType.sol";
import {OpenLease, OpenLeaseType} from "./types/OpenLeaseType.sol";

/// Decides how a batch of openings lies in calldata: packed, because many leases share nodes and every byte is paid.
/// It never judges an opening; it only refuses bytes that are too few or too many.
///
/// ```
/// header      node count u16 | opening count u16
/// nodes       address each
/// openings    consumer | session key | salt bytes32 | amount u96 | expiry u40 | validUntil u40
///             | consumer's signature r, vs | committee size u8 | index of each node u16
/// ```
library OpeningCalldata {
    using PackedCalldata for bytes;

    struct Header {
        uint256 nodes;
        uint256 openings;
        uint256 openingsAt;
    }

    struct Opening {
        /// But for the hash of the nodes, which only their addresses tell.
        LeaseTerms terms;
        /// But for the lease, which the terms tell.
        OpenLease wish;
        bytes32 r;
        bytes32 vs;
        uint256 size;
        Seats seats;
    }

    uint256 private constant HEADER_BYTES = 4;
    uint256 private constant OPENING_BYTES = 159;

    function readHeader(bytes calldata batch) internal pure returns (Header memory header) {
        batch.requireLength(HEADER_BYTES);
        header.nodes = batch.uintAt(0, 2);
        header.openings = batch.uintAt(2, 2);
        header.openingsAt = HEADER_BYTES + header.nodes * PackedCalldata.NODE_BYTES;
        batch.requireLength(header.openingsAt);
    }

    function nodeAt(bytes calldata batch, uint256 index) internal pure returns (address) {
        unchecked {
            return batch.addressAt(HEADER_BYTES + index * PackedCalldata.NODE_BYTES);
        }
    }

    /// For `readOpening`, which reads into it, so that a thousand openings need the memory of one.
    function newOpening() internal pure returns (Opening memory opening) {
        opening.terms.typeHash = LeaseType.TYPE_HASH;
        opening.wish.typeHash = OpenLeaseType.TYPE_HASH;
    }

    function readOpening(
        bytes calldata batch,
        uint256 offset,
        Opening memory opening
    ) internal pure returns (uint256 next) {
        unchecked {
            LeaseTerms memory terms = opening.terms;
            terms.consumer = batch.addressAt(offset);
            terms.sessionKey = batch.addressAt(offset + 20);
            terms.salt = batch.wordAt(offset + 40);
            OpenLease memory wish = opening.wish;
            wish.amount = batch.uintAt(offset + 72, 12);
            wish.expiry = batch.uintAt(offset + 84, 5);
            wish.validUntil = batch.uintAt(offset + 89, 5);
            opening.r = batch.wordAt(offset + 94);
            opening.vs = batch.wordAt(offset + 126);
            opening.size = batch.uintAt(offset + 158, 1);
            opening.seats = Seats.wrap(uint256(batch.wordAt(offset + OPENING_BYTES)));
            next = offset + OPENING_BYTES + opening.size * PackedCalldata.SEAT_BYTES;
        }
        // A size that was read from behind the end is no less than 0, so what is missing shows here all the same.
        if (batch.length < next) batch.refuse(next);
    }

    /// Nothing lies behind the openings that nobody reads.
    function requireEnd(bytes calldata batch, uint256 end) internal pure {
        if (end != batch.length) batch.refuse(end);
    }
}
