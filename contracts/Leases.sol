// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IExchange, Lease, LeaseStatus, LeaseView} from "./interfaces/IExchange.sol";
import {Nodes} from "./Nodes.sol";
import {LeaseType} from "./types/LeaseType.sol";

/// Decides what funds stand behind a committee, from when until when, and who gets the remainder.
/// It never decides what the committee is paid.
abstract contract Leases is Nodes {
    using SafeCast for uint256;

    /// One slot, because every settlement writes it. All terms live in the preimage of the lease id.
    struct LeaseState {
        uint96 funds;
        uint64 paidPerNode;
        uint32 upTo;
        uint16 forced;
        /// Never 0 once opened, and kept after closing, so that a lease id never reopens.
        uint40 expiry;
        bool live;
    }

    uint256 internal constant COMMITTEE_MAX = 16;
    uint256 private constant LEASE_SECONDS_MAX = 366 days;

    mapping(bytes32 leaseId => LeaseState) internal leases;

    /// @inheritdoc IExchange
    function open(Lease calldata lease, uint256 amount, uint40 expiry) external returns (bytes32 leaseId) {
        if (msg.sender != lease.consumer) revert NotConsumer(lease.consumer, msg.sender);
        return _open(lease, amount, expiry);
    }

    /// @inheritdoc IExchange
    function topUp(bytes32 leaseId, uint256 amount) external {
        LeaseState storage state = leases[leaseId];
        if (!state.live) revert LeaseNotLive(leaseId, _statusOf(state));
        if (amount == 0) revert AmountZero();

        _debit(msg.sender, amount);
        state.funds = (state.funds + amount).toUint96();
        emit LeaseToppedUp(leaseId, msg.sender, amount);
    }

    /// @inheritdoc IExchange
    function extend(Lease calldata lease, uint40 expiry) external {
        if (msg.sender != lease.consumer) revert NotConsumer(lease.consumer, msg.sender);
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState storage state = leases[leaseId];
        if (!state.live) revert LeaseNotLive(leaseId, _statusOf(state));
        _requireExpiry(expiry, state.expiry);

        state.expiry = expiry;
        emit LeaseExtended(leaseId, expiry);
    }

    /// @inheritdoc IExchange
    function close(Lease calldata lease) external {
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState memory state = leases[leaseId];
        if (!state.live) revert LeaseNotLive(leaseId, _statusOf(state));
        uint256 from = uint256(state.expiry) + GRACE;
        if (block.timestamp <= from) revert LeaseNotClosable(leaseId, from, block.timestamp);

        uint256 refund = state.funds;
        state.funds = 0;
        state.live = false;
        leases[leaseId] = state;
        _credit(lease.consumer, refund);
        emit LeaseClosed(leaseId, lease.consumer, refund);
    }

    /// @inheritdoc IExchange
    function leaseOf(bytes32 leaseId) external view returns (LeaseView memory) {
        LeaseState memory state = leases[leaseId];
        return
            LeaseView({
                status: _statusOf(state),
                funds: state.funds,
                paidPerNode: state.paidPerNode,
                upTo: state.upTo,
                forced: state.forced,
                expiry: state.expiry
            });
    }

    /// @inheritdoc IExchange
    function leaseIdOf(Lease calldata lease) external pure returns (bytes32) {
        return LeaseType.hash(lease);
    }

    function _open(Lease calldata lease, uint256 amount, uint40 expiry) internal returns (bytes32 leaseId) {
        leaseId = LeaseType.hash(lease);
        if (leases[leaseId].expiry != 0) revert LeaseAlreadyOpened(leaseId);
        if (lease.sessionKey == address(0)) revert SessionKeyZero();
        if (amount == 0) revert AmountZero();
        _requireExpiry(expiry, block.timestamp);
        _requireCommittee(lease.nodes);

        _debit(lease.consumer, amount);
        leases[leaseId] = LeaseState({
            funds: amount.toUint96(),
            paidPerNode: 0,
            upTo: 0,
            forced: 0,
            expiry: expiry,
            live: true
        });
        emit LeaseOpened(leaseId, lease.consumer, lease.sessionKey, lease.nodes, lease.salt, uint96(amount), expiry);
    }

    function _statusOf(LeaseState memory state) internal view returns (LeaseStatus) {
        if (state.expiry == 0) return LeaseStatus.None;
        if (!state.live) return LeaseStatus.Closed;
        if (block.timestamp <= state.expiry) return LeaseStatus.Live;
        return block.timestamp <= uint256(state.expiry) + GRACE ? LeaseStatus.Ending : LeaseStatus.Closable;
    }

    function _requireExpiry(uint256 expiry, uint256 after_) private view {
        uint256 max = block.timestamp + LEASE_SECONDS_MAX;
        if (expiry <= after_ || expiry > max) revert ExpiryOutOfRange(expiry, after_ + 1, max);
    }

    /// Distinct owners, so that one owner's nodes cannot be a quorum.
    function _requireCommittee(address[] calldata committee) private view {
        uint256 size = committee.length;
        if (size == 0 || size > COMMITTEE_MAX) revert CommitteeSizeOutOfRange(size, 1, COMMITTEE_MAX);
        address[] memory owners = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            address node = committee[i];
            if (i > 0 && node <= committee[i - 1]) revert CommitteeNotAscending(node);
            address owner = nodes[node].owner;
            if (owner == address(0)) revert NodeUnknown(node);
            for (uint256 j = 0; j < i; ++j) {
                if (owners[j] == owner) revert OwnerRepeated(owner, node);
            }
            owners[i] = owner;
        }
    }
}
