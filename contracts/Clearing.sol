// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ClearingCalldata} from "./ClearingCalldata.sol";
import {IExchange, SkipReason} from "./interfaces/IExchange.sol";
import {Leases} from "./Leases.sol";
import {LeaseState} from "./LeaseState.sol";
import {Rows} from "./Rows.sol";
import {Signatures} from "./Signatures.sol";
import {ClearingBatchType} from "./types/ClearingBatchType.sol";
import {LeaseTerms, LeaseType} from "./types/LeaseType.sol";
import {Voucher, VoucherType} from "./types/VoucherType.sol";

/// Decides what vouchers move: many leases' charges become one payment for each node. It never pays what a session key
/// did not sign, nor takes a right from a node that did not sign.
abstract contract Clearing is Leases {
    using ClearingCalldata for bytes;
    using Rows for uint256[];

    /// The nodes of a batch, in its order. Arrays beside each other, because an array of structs costs a pointer each.
    struct Table {
        /// Each node's address and, above it, the flags `KNOWN` and, when it signed, `SIGNED`.
        uint256[] nodes;
        uint256[] owed;
        /// Room for one entry's committee.
        address[] committee;
        bytes32 domain;
    }

    uint256 private constant SIGNED = 2;

    /// @inheritdoc IExchange
    function clear(bytes calldata batch) external {
        ClearingCalldata.Header memory header = batch.readHeader();
        if (header.nodes > BATCH_NODES_MAX) revert BatchTooLarge(header.nodes, BATCH_NODES_MAX);
        if (block.timestamp > header.validUntil) revert SignatureExpired(header.validUntil, block.timestamp);
        bytes32 batchId = _hashTypedDataV4(
            ClearingBatchType.hash(batch.hashSigned(header), header.receiptsRoot, header.validUntil)
        );
        Table memory table = _readTable(batch, header, batchId);
        _clearEntries(batch, header, batchId, table);
        _payNodes(table);
        emit BatchCleared(batchId, header.receiptsRoot);
    }

    /// No need to check that the table names registered nodes, or each only once: a lease id matches only committees
    /// that `open` accepted.
    function _readTable(
        bytes calldata batch,
        ClearingCalldata.Header memory header,
        bytes32 batchId
    ) private view returns (Table memory) {
        uint256 count = header.nodes;
        uint256[] memory rows = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            address node = batch.nodeAt(i);
            (bytes32 r, bytes32 vs) = batch.signatureAt(header, i);
            bool signed = Signatures.isBy(node, batchId, r, vs);
            rows.set(i, uint160(node) | ((signed ? KNOWN | SIGNED : KNOWN) << 160));
        }
        return Table(rows, new uint256[](count), new address[](COMMITTEE_MAX), _domainSeparatorV4());
    }

    /// Only after all entries, and by adding to what is stored: a node may sit in many of the batch's committees.
    function _payNodes(Table memory table) private {
        (uint256[] memory rows, uint256[] memory owed) = (table.nodes, table.owed);
        uint256 count = rows.length;
        for (uint256 i = 0; i < count; ++i) {
            uint256 amount = owed.get(i);
            if (amount == 0) continue;
            address node = address(uint160(rows.get(i)));
            _earn(node, amount);
            emit NodeCleared(node, amount);
        }
    }

    function _clearEntries(
        bytes calldata batch,
        ClearingCalldata.Header memory header,
        bytes32 batchId,
        Table memory table
    ) private {
        ClearingCalldata.Entry memory entry = ClearingCalldata.newEntry();
        (uint256 next, uint256 count) = (header.entriesAt, header.entries);
        for (uint256 i = 0; i < count; ++i) {
            next = batch.readEntry(next, entry);
            (bytes32 leaseId, SkipReason reason) = _clearEntry(entry, table);
            if (reason != SkipReason.None) emit EntrySkipped(batchId, leaseId, i, reason);
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
        LeaseSlot storage slot = _slot(leaseId);
        LeaseState state = slot.state;
        if (!state.live()) return (leaseId, SkipReason.LeaseNotLive);
        if (!signed) return (leaseId, SkipReason.NodeNotSigned);
        Voucher memory voucher = entry.voucher;
        if (voucher.forced != state.forced()) return (leaseId, SkipReason.ForcedSince);
        if (_isStale(voucher, state)) return (leaseId, SkipReason.VoucherStale);
        uint256 each;
        uint256 total;
        // What is not stale says no less than before; 16 times 64 bits fit.
        unchecked {
            each = voucher.perNode - state.paidPerNode();
            total = each * entry.size;
        }
        if (total > state.funds()) return (leaseId, SkipReason.LeaseUnderfunded);
        voucher.lease = leaseId;
        bytes32 digest = MessageHashUtils.toTypedDataHash(table.domain, VoucherType.hash(voucher));
        if (!Signatures.isBy(entry.terms.sessionKey, digest, entry.r, entry.vs)) {
            return (leaseId, SkipReason.VoucherNotSigned);
        }

        // A part of what the exchange holds, which fits 96 bits.
        entry.seats.add(entry.size, table.owed, each);
        slot.state = _charge(leaseId, state, voucher, total, entry.terms.consumer);
        return (leaseId, SkipReason.None);
    }

    /// Leaves writing the state to the caller.
    function _charge(
        bytes32 leaseId,
        LeaseState state,
        Voucher memory voucher,
        uint256 total,
        address consumer
    ) private returns (LeaseState) {
        (uint256 perNode, uint256 upTo) = (voucher.perNode, voucher.upTo);
        unchecked {
            state = state.withVoucher(state.funds() - total, perNode, upTo);
        }
        emit LeaseCleared(leaseId, uint64(perNode), uint32(upTo), total);
        return voucher.last ? _end(leaseId, consumer, state) : state;
    }

    /// It says less than one that was cleared before, or nothing more.
    function _isStale(Voucher memory voucher, LeaseState state) private pure returns (bool) {
        (uint256 perNode, uint256 paid) = (voucher.perNode, state.paidPerNode());
        (uint256 upTo, uint256 covered) = (voucher.upTo, state.upTo());
        if (perNode < paid || upTo < covered) return true;
        return perNode == paid && upTo == covered && !voucher.last;
    }

    /// The lease id of the entry's terms, 0 when it has a seat that is not in the table, and whether its whole committee
    /// signed.
    function _leaseOf(
        ClearingCalldata.Entry memory entry,
        Table memory table
    ) private pure returns (bytes32 leaseId, bool signed) {
        if (entry.size > COMMITTEE_MAX) return (0, false);
        uint256 flags = entry.seats.take(entry.size, table.nodes, table.committee);
        if (flags == 0) return (0, false);
        LeaseTerms memory terms = entry.terms;
        terms.nodesHash = LeaseType.hashNodes(table.committee);
        return (LeaseType.hash(terms), flags & SIGNED != 0);
    }
}
