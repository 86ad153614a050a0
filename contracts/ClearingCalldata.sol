// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PackedCalldata} from "./PackedCalldata.sol";
import {Seats} from "./Seats.sol";
import {LeaseTerms, LeaseType} from "./types/LeaseType.sol";
import {Voucher, VoucherType} from "./types/VoucherType.sol";

/// Decides how a clearing lies in calldata: packed, because its bytes are most of what a clearing of many leases costs.
/// It never judges an entry; it only refuses bytes that are too few or too many.
///
/// ```
/// header      validUntil u40 | receiptsRoot bytes32 | node count u16 | entry count u16
/// nodes       address each
/// entries     consumer | session key | salt bytes32 | perNode u64 | upTo u32 | forced u16 | last u8
///             | session key's signature r, vs | committee size u8 | index of each node u16
/// signatures  r, vs of each node over the batch, up to the end
/// ```
/// What nodes sign begins with the counts, so that the same bytes cannot be cut into other entries.
library ClearingCalldata {
    using PackedCalldata for bytes;

    struct Header {
        uint40 validUntil;
        bytes32 receiptsRoot;
        uint256 nodes;
        uint256 entries;
        uint256 entriesAt;
        uint256 signaturesAt;
    }

    struct Entry {
        /// But for the hash of the nodes, which only their addresses tell.
        LeaseTerms terms;
        /// But for the lease, which the terms tell.
        Voucher voucher;
        bytes32 r;
        bytes32 vs;
        uint256 size;
        Seats seats;
    }

    uint256 private constant HEADER_BYTES = 41;
    uint256 private constant COUNTS_AT = 37;
    uint256 private constant ENTRY_BYTES = 152;

    function readHeader(bytes calldata batch) internal pure returns (Header memory header) {
        batch.requireLength(HEADER_BYTES);
        header.validUntil = uint40(batch.uintAt(0, 5));
        header.receiptsRoot = batch.wordAt(5);
        header.nodes = batch.uintAt(37, 2);
        header.entries = batch.uintAt(39, 2);
        header.entriesAt = HEADER_BYTES + header.nodes * PackedCalldata.NODE_BYTES;
        uint256 signatureBytes = header.nodes * PackedCalldata.SIGNATURE_BYTES;
        batch.requireLength(header.entriesAt + signatureBytes);
        header.signaturesAt = batch.length - signatureBytes;
    }

    /// The hash of the counts, the nodes and the entries.
    function hashSigned(bytes calldata batch, Header memory header) internal pure returns (bytes32) {
        return keccak256(batch[COUNTS_AT:header.signaturesAt]);
    }

    function signatureAt(
        bytes calldata batch,
        Header memory header,
        uint256 index
    ) internal pure returns (bytes32 r, bytes32 vs) {
        unchecked {
            uint256 offset = header.signaturesAt + index * PackedCalldata.SIGNATURE_BYTES;
            return (batch.wordAt(offset), batch.wordAt(offset + 32));
        }
    }

    function nodeAt(bytes calldata batch, uint256 index) internal pure returns (address) {
        unchecked {
            return batch.addressAt(HEADER_BYTES + index * PackedCalldata.NODE_BYTES);
        }
    }

    /// For `readEntry`, which reads into it, so that a thousand entries need the memory of one.
    function newEntry() internal pure returns (Entry memory entry) {
        entry.terms.typeHash = LeaseType.TYPE_HASH;
        entry.voucher.typeHash = VoucherType.TYPE_HASH;
    }

    function readEntry(bytes calldata batch, uint256 offset, Entry memory entry) internal pure returns (uint256 next) {
        unchecked {
            LeaseTerms memory terms = entry.terms;
            terms.consumer = batch.addressAt(offset);
            terms.sessionKey = batch.addressAt(offset + 20);
            terms.salt = batch.wordAt(offset + 40);
            Voucher memory voucher = entry.voucher;
            voucher.perNode = batch.uintAt(offset + 72, 8);
            voucher.upTo = batch.uintAt(offset + 80, 4);
            voucher.forced = batch.uintAt(offset + 84, 2);
            voucher.last = batch.uintAt(offset + 86, 1) != 0;
            entry.r = batch.wordAt(offset + 87);
            entry.vs = batch.wordAt(offset + 119);
            entry.size = batch.uintAt(offset + 151, 1);
            entry.seats = Seats.wrap(uint256(batch.wordAt(offset + ENTRY_BYTES)));
            next = offset + ENTRY_BYTES + entry.size * PackedCalldata.SEAT_BYTES;
        }
        // A size that was read from behind the end is no less than 0, so what is missing shows here all the same.
        if (batch.length < next) batch.refuse(next);
    }

    /// Entries end where signatures begin: nothing lies between them that nobody reads.
    function requireEnd(bytes calldata batch, Header memory header, uint256 end) internal pure {
        if (end != header.signaturesAt) batch.refuse(end + header.nodes * PackedCalldata.SIGNATURE_BYTES);
    }
}
