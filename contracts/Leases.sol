// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IExchange, Lease, LeaseOpening, LeaseStatus, LeaseView} from "./interfaces/IExchange.sol";
import {LeaseFields, LeaseState} from "./LeaseState.sol";
import {Nodes} from "./Nodes.sol";
import {OpeningCalldata} from "./OpeningCalldata.sol";
import {Rows} from "./Rows.sol";
import {CommitteeSeats, Seats} from "./Seats.sol";
import {Signatures} from "./Signatures.sol";
import {LeaseTerms, LeaseType} from "./types/LeaseType.sol";
import {OpenLease, OpenLeaseType} from "./types/OpenLeaseType.sol";

/// Decides what funds stand behind a committee, from when until when, and who gets the remainder.
/// It never decides what the committee is paid.
abstract contract Leases is Nodes {
    using OpeningCalldata for bytes;
    using Rows for address[];
    using Rows for uint256[];
    using SafeCast for uint256;

    /// A struct, so that reading and writing one find its place only once.
    struct LeaseSlot {
        LeaseState state;
    }

    /// The nodes of a batch of openings, in its order. An opening alone is a batch of its own committee.
    struct OwnerTable {
        /// Each node's address and, above it, the flag `KNOWN`.
        uint256[] nodes;
        /// Of each node; zero when nobody registered it.
        uint256[] owners;
        /// The present opening's nodes.
        address[] committee;
        bytes32 domain;
    }

    uint256 internal constant COMMITTEE_MAX = 16;
    uint256 internal constant BATCH_NODES_MAX = 1_024;
    /// A flag of every row that a table has: a seat without it names no row.
    uint256 internal constant KNOWN = 1;
    uint256 private constant LEASE_SECONDS_MAX = 366 days;
    uint256 private constant OPENINGS_MAX = 1_024;

    mapping(bytes32 leaseId => LeaseSlot) private leases;

    /// @inheritdoc IExchange
    function open(Lease calldata lease, uint256 amount, uint40 expiry) external returns (bytes32 leaseId) {
        if (msg.sender != lease.consumer) revert NotConsumer(lease.consumer, msg.sender);
        LeaseTerms memory terms;
        OwnerTable memory table;
        (leaseId, terms, table) = _readLease(lease);
        _raise(_open(leaseId, terms, CommitteeSeats.ALL, table, amount, expiry));
    }

    /// @inheritdoc IExchange
    function openSigned(LeaseOpening calldata opening) external returns (bytes32 leaseId) {
        LeaseTerms memory terms;
        OwnerTable memory table;
        (leaseId, terms, table) = _readLease(opening.lease);
        OpenLease memory wish = OpenLease({
            typeHash: OpenLeaseType.TYPE_HASH,
            lease: leaseId,
            amount: opening.amount,
            expiry: opening.expiry,
            validUntil: opening.validUntil
        });
        if (block.timestamp > wish.validUntil) revert SignatureExpired(wish.validUntil, block.timestamp);
        bytes32 digest = _hashTypedDataV4(OpenLeaseType.hash(wish));
        bool signed =
            Signatures.isBy(terms.consumer, digest, opening.signature) ||
                SignatureChecker.isValidERC1271SignatureNowCalldata(terms.consumer, digest, opening.signature);
        if (!signed) revert OpeningSignatureInvalid(terms.consumer);
        _raise(_open(leaseId, terms, CommitteeSeats.ALL, table, wish.amount, wish.expiry));
    }

    /// @inheritdoc IExchange
    function openMany(bytes calldata batch) external {
        OpeningCalldata.Header memory header = batch.readHeader();
        if (header.nodes > BATCH_NODES_MAX) revert BatchTooLarge(header.nodes, BATCH_NODES_MAX);
        if (header.openings > OPENINGS_MAX) revert TooManyOpenings(header.openings, OPENINGS_MAX);
        OwnerTable memory table = _readOwners(batch, header.nodes);
        OpeningCalldata.Opening memory opening = OpeningCalldata.newOpening();
        (uint256 next, uint256 count) = (header.openingsAt, header.openings);
        // What a refusal leaves in memory is given back, because memory's price grows by the square.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i = 0; i < count; ++i) {
            next = batch.readOpening(next, opening);
            (bytes32 leaseId, bytes memory refusal) = _openPacked(opening, table);
            if (refusal.length == 0) continue;
            emit OpeningSkipped(leaseId, i, refusal);
            Memory.unsafeSetFreeMemoryPointer(free);
        }
        batch.requireEnd(next);
    }

    /// @inheritdoc IExchange
    function topUp(bytes32 leaseId, uint256 amount) external {
        LeaseState state = _requireLive(leaseId);
        if (amount == 0) revert AmountZero();

        _debit(msg.sender, amount);
        _store(leaseId, state.withFunds((state.funds() + amount).toUint96()));
        emit LeaseToppedUp(leaseId, msg.sender, amount);
    }

    /// @inheritdoc IExchange
    function extend(Lease calldata lease, uint40 expiry) external {
        if (msg.sender != lease.consumer) revert NotConsumer(lease.consumer, msg.sender);
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState state = _requireLive(leaseId);
        _requireExpiry(expiry, state.expiry());

        _store(leaseId, state.withExpiry(expiry));
        emit LeaseExtended(leaseId, expiry);
    }

    /// @inheritdoc IExchange
    function close(Lease calldata lease) external {
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState state = _requireLive(leaseId);
        uint256 from = state.expiry() + GRACE;
        if (block.timestamp <= from) revert LeaseNotClosable(leaseId, from, block.timestamp);

        _store(leaseId, _end(leaseId, lease.consumer, state));
    }

    /// @inheritdoc IExchange
    function leaseOf(bytes32 leaseId) external view returns (LeaseView memory) {
        LeaseState state = _load(leaseId);
        return
            LeaseView({
                status: _statusOf(state),
                funds: uint96(state.funds()),
                paidPerNode: uint64(state.paidPerNode()),
                upTo: uint32(state.upTo()),
                forced: uint16(state.forced()),
                expiry: uint40(state.expiry())
            });
    }

    /// @inheritdoc IExchange
    function leaseIdOf(Lease calldata lease) external pure returns (bytes32) {
        return LeaseType.hash(lease);
    }

    function _readOwners(bytes calldata batch, uint256 count) private view returns (OwnerTable memory table) {
        _makeRoom(table, count, COMMITTEE_MAX);
        table.domain = _domainSeparatorV4();
        for (uint256 i = 0; i < count; ++i) _addNode(table, i, batch.nodeAt(i));
    }

    /// A lease that is opened alone.
    function _readLease(
        Lease calldata lease
    ) private view returns (bytes32 leaseId, LeaseTerms memory terms, OwnerTable memory table) {
        address[] calldata named = lease.nodes;
        uint256 size = named.length;
        if (size == 0 || size > COMMITTEE_MAX) revert CommitteeSizeOutOfRange(size, 1, COMMITTEE_MAX);
        _makeRoom(table, size, size);
        for (uint256 i = 0; i < size; ++i) _addNode(table, i, named[i]);
        terms.typeHash = LeaseType.TYPE_HASH;
        terms.consumer = lease.consumer;
        terms.sessionKey = lease.sessionKey;
        terms.salt = lease.salt;
        leaseId = _takeCommittee(terms, CommitteeSeats.ALL, size, table);
    }

    function _makeRoom(OwnerTable memory table, uint256 count, uint256 seats) private pure {
        table.nodes = new uint256[](count);
        table.owners = new uint256[](count);
        table.committee = new address[](seats);
    }

    /// An owner never changes, so it is read once for all of a batch's committees.
    function _addNode(OwnerTable memory table, uint256 index, address node) private view {
        table.nodes.set(index, uint160(node) | (KNOWN << 160));
        table.owners.set(index, uint160(nodes[node].owner));
    }

    /// Completes the terms by the committee that sits in `seats`. The lease id is 0 when a seat is not in the table.
    function _takeCommittee(
        LeaseTerms memory terms,
        Seats seats,
        uint256 size,
        OwnerTable memory table
    ) private pure returns (bytes32 leaseId) {
        if (seats.take(size, table.nodes, table.committee) & KNOWN == 0) return 0;
        terms.nodesHash = LeaseType.hashNodes(table.committee);
        return LeaseType.hash(terms);
    }

    /// Opens, or changes nothing and says why, as the error that `openSigned` gives. The lease id is 0 when the seats are
    /// no committee.
    function _openPacked(
        OpeningCalldata.Opening memory opening,
        OwnerTable memory table
    ) private returns (bytes32 leaseId, bytes memory) {
        (Seats seats, uint256 size) = (opening.seats, opening.size);
        if (size == 0 || size > COMMITTEE_MAX) {
            return (0, abi.encodeWithSelector(CommitteeSizeOutOfRange.selector, size, 1, COMMITTEE_MAX));
        }
        (LeaseTerms memory terms, OpenLease memory wish) = (opening.terms, opening.wish);
        leaseId = _takeCommittee(terms, seats, size, table);
        if (leaseId == 0) {
            uint256 rows = table.nodes.length;
            return (0, abi.encodeWithSelector(SeatUnknown.selector, seats.outside(rows), rows));
        }
        wish.lease = leaseId;
        if (block.timestamp > wish.validUntil) {
            return (leaseId, abi.encodeWithSelector(SignatureExpired.selector, wish.validUntil, block.timestamp));
        }
        bytes32 digest = MessageHashUtils.toTypedDataHash(table.domain, OpenLeaseType.hash(wish));
        if (!Signatures.isBy(terms.consumer, digest, opening.r, opening.vs)) {
            return (leaseId, abi.encodeWithSelector(OpeningSignatureInvalid.selector, terms.consumer));
        }
        return (leaseId, _open(leaseId, terms, seats, table, wish.amount, wish.expiry));
    }

    /// Opens, or changes nothing and returns the error for which it cannot. It is a value, so that a batch passes over it.
    function _open(
        bytes32 leaseId,
        LeaseTerms memory terms,
        Seats seats,
        OwnerTable memory table,
        uint256 amount,
        uint256 expiry
    ) private returns (bytes memory refusal) {
        LeaseSlot storage slot = _slot(leaseId);
        if (slot.state.expiry() != 0) return abi.encodeWithSelector(LeaseAlreadyOpened.selector, leaseId);
        if (terms.sessionKey == address(0)) return abi.encodeWithSelector(SessionKeyZero.selector);
        if (amount == 0) return abi.encodeWithSelector(AmountZero.selector);
        if (!_isExpiryAfter(expiry, block.timestamp)) {
            (uint256 min, uint256 max) = (block.timestamp + 1, block.timestamp + LEASE_SECONDS_MAX);
            return abi.encodeWithSelector(ExpiryOutOfRange.selector, expiry, min, max);
        }
        refusal = _refusalOf(seats, table);
        if (refusal.length != 0) return refusal;
        (bool taken, uint256 balance) = _tryDebit(terms.consumer, amount);
        if (!taken) return abi.encodeWithSelector(AccountUnderfunded.selector, terms.consumer, balance, amount);

        slot.state = LeaseFields.opened(amount, expiry);
        _logOpened(leaseId, terms, table.committee, amount, expiry);
    }

    /// Emits `LeaseOpened`. The compiler would copy the committee node by node.
    function _logOpened(
        bytes32 leaseId,
        LeaseTerms memory terms,
        address[] memory committee,
        uint256 amount,
        uint256 expiry
    ) private {
        bytes32 topic = LeaseOpened.selector;
        (address consumer, address sessionKey, bytes32 salt) = (terms.consumer, terms.sessionKey, terms.salt);
        assembly ("memory-safe") {
            let data := mload(0x40)
            let nodesBytes := shl(5, add(mload(committee), 1))
            mstore(data, sessionKey)
            // Where the committee begins: behind the five words of the head.
            mstore(add(data, 0x20), 0xa0)
            mstore(add(data, 0x40), salt)
            mstore(add(data, 0x60), amount)
            mstore(add(data, 0x80), expiry)
            mcopy(add(data, 0xa0), committee, nodesBytes)
            log3(data, add(nodesBytes, 0xa0), topic, leaseId, consumer)
        }
    }

    /// Distinct owners, so that one owner's nodes cannot be a quorum.
    function _refusalOf(Seats seats, OwnerTable memory table) private pure returns (bytes memory refusal) {
        (address[] memory committee, uint256[] memory owners) = (table.committee, table.owners);
        address previous = address(0);
        uint256 seen = 0;
        Seats left = seats;
        uint256 size = committee.length;
        for (uint256 i = 0; i < size; ++i) {
            (address node, uint256 owner) = (committee.get(i), owners.get(left.first()));
            if (node <= previous) return abi.encodeWithSelector(CommitteeNotAscending.selector, node);
            if (owner == 0) return abi.encodeWithSelector(NodeUnknown.selector, node);
            // One bit tells most owners apart; only when it is taken are owners compared.
            uint256 bit = 1 << (owner & 0xff);
            if (seen & bit != 0) {
                if (_isSeated(owner, seats, i, owners)) {
                    return abi.encodeWithSelector(OwnerRepeated.selector, owner, node);
                }
            }
            seen |= bit;
            previous = node;
            left = left.rest();
        }
        // Nothing is returned by falling through: the compiler would make room for an empty string.
    }

    /// Whether one of the first `count` seats is the owner's.
    function _isSeated(uint256 owner, Seats seats, uint256 count, uint256[] memory owners) private pure returns (bool) {
        for (uint256 i = 0; i < count; ++i) {
            if (owners.get(seats.first()) == owner) return true;
            seats = seats.rest();
        }
        return false;
    }

    function _raise(bytes memory refusal) private pure {
        if (refusal.length == 0) return;
        assembly ("memory-safe") {
            revert(add(refusal, 0x20), mload(refusal))
        }
    }

    function _load(bytes32 leaseId) internal view returns (LeaseState) {
        return leases[leaseId].state;
    }

    function _slot(bytes32 leaseId) internal view returns (LeaseSlot storage) {
        return leases[leaseId];
    }

    function _store(bytes32 leaseId, LeaseState state) internal {
        leases[leaseId].state = state;
    }

    /// Leaves writing the state to the caller, who may have more to write.
    function _end(bytes32 leaseId, address consumer, LeaseState state) internal returns (LeaseState) {
        uint256 refund = state.funds();
        _credit(consumer, refund);
        emit LeaseClosed(leaseId, consumer, refund);
        return state.closed();
    }

    function _requireLive(bytes32 leaseId) internal view returns (LeaseState state) {
        state = _load(leaseId);
        if (!state.live()) revert LeaseNotLive(leaseId, _statusOf(state));
    }

    function _statusOf(LeaseState state) internal view returns (LeaseStatus) {
        uint256 expiry = state.expiry();
        if (expiry == 0) return LeaseStatus.None;
        if (!state.live()) return LeaseStatus.Closed;
        if (block.timestamp <= expiry) return LeaseStatus.Live;
        return block.timestamp <= expiry + GRACE ? LeaseStatus.Ending : LeaseStatus.Closable;
    }

    function _requireExpiry(uint256 expiry, uint256 after_) private view {
        if (_isExpiryAfter(expiry, after_)) return;
        revert ExpiryOutOfRange(expiry, after_ + 1, block.timestamp + LEASE_SECONDS_MAX);
    }

    function _isExpiryAfter(uint256 expiry, uint256 after_) private view returns (bool) {
        // No chain's clock comes near a word's end.
        unchecked {
            return expiry > after_ && expiry <= block.timestamp + LEASE_SECONDS_MAX;
        }
    }
}
