// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "./interfaces/IExchange.sol";

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
    struct Header {
        uint40 validUntil;
        bytes32 receiptsRoot;
        uint256 nodes;
        uint256 entries;
        uint256 entriesAt;
        uint256 signaturesAt;
    }

    struct Entry {
        address consumer;
        address sessionKey;
        bytes32 salt;
        uint64 perNode;
        uint32 upTo;
        uint16 forced;
        bool last;
        bytes32 r;
        bytes32 vs;
        uint256 size;
        /// The index of each of its nodes, 16 bits each from the top: a committee's seats fit one word.
        bytes32 seats;
    }

    uint256 private constant HEADER_BYTES = 41;
    uint256 private constant COUNTS_AT = 37;
    uint256 private constant SIGNATURE_BYTES = 64;
    uint256 private constant NODE_BYTES = 20;
    uint256 private constant ENTRY_BYTES = 152;

    function readHeader(bytes calldata batch) internal pure returns (Header memory header) {
        requireLength(batch, HEADER_BYTES);
        header.validUntil = uint40(bytes5(wordAt(batch, 0)));
        header.receiptsRoot = wordAt(batch, 5);
        header.nodes = uint16(bytes2(wordAt(batch, 37)));
        header.entries = uint16(bytes2(wordAt(batch, 39)));
        header.entriesAt = HEADER_BYTES + header.nodes * NODE_BYTES;
        uint256 signatureBytes = header.nodes * SIGNATURE_BYTES;
        requireLength(batch, header.entriesAt + signatureBytes);
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
        uint256 offset = header.signaturesAt + index * SIGNATURE_BYTES;
        return (wordAt(batch, offset), wordAt(batch, offset + 32));
    }

    function nodeAt(bytes calldata batch, uint256 index) internal pure returns (address) {
        return address(bytes20(wordAt(batch, HEADER_BYTES + index * NODE_BYTES)));
    }

    /// Reads into `entry`, so that a thousand entries need the memory of one.
    function readEntry(bytes calldata batch, uint256 offset, Entry memory entry) internal pure returns (uint256 next) {
        requireLength(batch, offset + ENTRY_BYTES);
        // Offsets stay below the length of calldata, which no block can fill to a word's end.
        unchecked {
            entry.consumer = address(bytes20(wordAt(batch, offset)));
            entry.sessionKey = address(bytes20(wordAt(batch, offset + 20)));
            entry.salt = wordAt(batch, offset + 40);
            bytes32 voucher = wordAt(batch, offset + 72);
            entry.perNode = uint64(bytes8(voucher));
            entry.upTo = uint32(bytes4(voucher << 64));
            entry.forced = uint16(bytes2(voucher << 96));
            entry.last = voucher[14] != 0;
            entry.r = wordAt(batch, offset + 87);
            entry.vs = wordAt(batch, offset + 119);
            entry.size = uint8(bytes1(wordAt(batch, offset + 151)));
            entry.seats = wordAt(batch, offset + ENTRY_BYTES);
            next = offset + ENTRY_BYTES + entry.size * 2;
        }
        requireLength(batch, next);
    }

    /// Entries end where signatures begin: nothing lies between them that nobody reads.
    function requireEnd(bytes calldata batch, Header memory header, uint256 end) internal pure {
        if (end != header.signaturesAt) {
            revert IExchange.BatchMalformed(batch.length, end + header.nodes * SIGNATURE_BYTES);
        }
    }

    function requireLength(bytes calldata batch, uint256 needed) private pure {
        if (batch.length < needed) revert IExchange.BatchMalformed(batch.length, needed);
    }

    /// May reach past the batch's end; callers keep only bytes whose presence they have checked.
    function wordAt(bytes calldata batch, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(batch.offset, offset))
        }
    }
}
