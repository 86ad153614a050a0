// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {ClearingCalldata} from "./ClearingCalldata.sol";
import {IExchange, SkipReason} from "./interfaces/IExchange.sol";
import {Leases} from "./Leases.sol";
import {LeaseState} from "./LeaseState.sol";
import {ClearingBatchType} from "./types/ClearingBatchType.sol";
import {LeaseType} from "./types/LeaseType.sol";
import {VoucherType} from "./types/VoucherType.sol";

/// Decides what vouchers move: many leases' charges become one payment for each node. It never pays what a session key
/// did not sign, nor takes a right from a node that did not sign.
abstract contract Clearing is Leases {
    using ClearingCalldata for bytes;

    /// The nodes of a batch, in its order. Arrays beside each other, because an array of structs costs a pointer each.
    struct Table {
        address[] nodes;
        bool[] signed;
        uint256[] owed;
    }

    uint256 private constant CLEARING_NODES_MAX = 1_024;

    /// @inheritdoc IExchange
    function clear(bytes calldata batch) external {
        ClearingCalldata.Header memory header = batch.readHeader();
        if (header.nodes > CLEARING_NODES_MAX) revert BatchTooLarge(header.nodes, CLEARING_NODES_MAX);
        if (block.timestamp > header.validUntil) revert SignatureExpired(header.validUntil, block.timestamp);
        bytes32 batchId = _hashTypedDataV4(
            ClearingBatchType.hash(batch.hashSigned(header), header.receiptsRoot, header.validUntil)
        );
        Table memory table = _readTable(batch, header, batchId);
        _clearEntries(batch, header, batchId, table);
        // Only now, and by adding to what is stored: a node may sit in many of the batch's committees.
        for (uint256 i = 0; i < header.nodes; ++i) {
            uint256 owed = table.owed[i];
            if (owed == 0) continue;
            _earn(table.nodes[i], owed);
            emit NodeCleared(table.nodes[i], owed);
        }
        emit BatchCleared(batchId, header.receiptsRoot);
    }

    /// No need to check that the table names registered nodes, or each only once: a lease id matches only committees
    /// that `open` accepted.
    function _readTable(
        bytes calldata batch,
        ClearingCalldata.Header memory header,
        bytes32 batchId
    ) private pure returns (Table memory table) {
        address[] memory nodes = new address[](header.nodes);
        bool[] memory signed = new bool[](header.nodes);
        for (uint256 i = 0; i < nodes.length; ++i) {
            address node = batch.nodeAt(i);
            (bytes32 r, bytes32 vs) = batch.signatureAt(header, i);
            nodes[i] = node;
            signed[i] = _isBy(node, batchId, r, vs);
        }
        return Table({nodes: nodes, signed: signed, owed: new uint256[](nodes.length)});
    }

    function _clearEntries(
        bytes calldata batch,
        ClearingCalldata.Header memory header,
        bytes32 batchId,
        Table memory table
    ) private {
        ClearingCalldata.Entry memory entry;
        uint256 next = header.entriesAt;
        // What an entry's hashes leave in memory is given back after each, because memory's price grows by the square.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i = 0; i < header.entries; ++i) {
            next = batch.readEntry(next, entry);
            (bytes32 leaseId, SkipReason reason) = _clearEntry(entry, table);
            if (reason != SkipReason.None) emit EntrySkipped(batchId, leaseId, i, reason);
            Memory.unsafeSetFreeMemoryPointer(free);
        }
        batch.requireEnd(header, next);
    }

    function _clearEntry(
        ClearingCalldata.Entry memory entry,
        Table memory table
    ) private returns (bytes32 leaseId, SkipReason) {
        bool signed;
        (leaseId, signed) = _leaseOf(entry, table);
        if (leaseId == 0) return (leaseId, SkipReason.SeatUnknown);
        LeaseState state = _load(leaseId);
        if (!state.live()) return (leaseId, SkipReason.LeaseNotLive);
        if (!signed) return (leaseId, SkipReason.NodeNotSigned);
        if (entry.forced != state.forced()) return (leaseId, SkipReason.ForcedSince);
        (uint256 paid, uint256 upTo) = (state.paidPerNode(), state.upTo());
        bool less = entry.perNode < paid || entry.upTo < upTo;
        bool same = entry.perNode == paid && entry.upTo == upTo;
        if (less || (same && !entry.last)) return (leaseId, SkipReason.VoucherStale);
        uint256 each = entry.perNode - paid;
        uint256 total = each * entry.size;
        if (total > state.funds()) return (leaseId, SkipReason.LeaseUnderfunded);
        bytes32 digest = _hashTypedDataV4(
            VoucherType.hash(leaseId, entry.perNode, entry.upTo, entry.forced, entry.last)
        );
        if (!_isBy(entry.sessionKey, digest, entry.r, entry.vs)) return (leaseId, SkipReason.VoucherNotSigned);

        uint256[] memory owed = table.owed;
        bytes32 seats = entry.seats;
        for (uint256 i = 0; i < entry.size; ++i) {
            // A part of what the exchange holds, which fits 96 bits.
            unchecked {
                owed[uint256(seats >> 240)] += each;
            }
            seats <<= 16;
        }
        state = state.withVoucher(state.funds() - total, entry.perNode, entry.upTo);
        emit LeaseCleared(leaseId, entry.perNode, entry.upTo, total);
        if (entry.last) state = _end(leaseId, entry.consumer, state);
        _store(leaseId, state);
        return (leaseId, SkipReason.None);
    }

    /// The lease id of the entry's terms, 0 when it has a seat that is not in the table, and whether its whole committee signed.
    function _leaseOf(
        ClearingCalldata.Entry memory entry,
        Table memory table
    ) private pure returns (bytes32 leaseId, bool signed) {
        if (entry.size > COMMITTEE_MAX) return (0, false);
        address[] memory committee = new address[](entry.size);
        (address[] memory nodes, bool[] memory signers) = (table.nodes, table.signed);
        bytes32 seats = entry.seats;
        signed = true;
        for (uint256 i = 0; i < committee.length; ++i) {
            uint256 seat = uint256(seats >> 240);
            if (seat >= nodes.length) return (0, false);
            committee[i] = nodes[seat];
            if (!signers[seat]) signed = false;
            seats <<= 16;
        }
        leaseId = LeaseType.hash(entry.consumer, entry.sessionKey, entry.salt, LeaseType.hashNodes(committee));
    }

    function _isBy(address signer, bytes32 digest, bytes32 r, bytes32 vs) private pure returns (bool) {
        (address recovered, , ) = ECDSA.tryRecover(digest, r, vs);
        return recovered == signer && signer != address(0);
    }
}
