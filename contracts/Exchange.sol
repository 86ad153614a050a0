// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Accounts} from "./Accounts.sol";
import {Attestation, IExchange, JobOrder, Lease} from "./interfaces/IExchange.sol";
import {Leases} from "./Leases.sol";
import {Nodes} from "./Nodes.sol";
import {Quorum} from "./Quorum.sol";
import {Signatures} from "./Signatures.sol";
import {AttestationType} from "./types/AttestationType.sol";
import {JobOrderType} from "./types/JobOrderType.sol";
import {LeaseType} from "./types/LeaseType.sol";

/// Decides what a committee is paid, from signatures alone. It never looks at a job, a result or a price list: nodes
/// that agree on the same 32 bytes are paid what they and the consumer signed for.
contract Exchange is Leases {
    using SafeCast for uint256;

    uint256 private constant QUORUM_BPS_MIN = 5_001;
    uint256 private constant BPS = 10_000;

    /// One bit for each order settled without a voucher.
    mapping(bytes32 leaseId => mapping(uint256 word => uint256 bits)) private settledNonces;

    constructor(IERC20 token, uint40 grace) EIP712("mimik exchange", "1") Accounts(token) Nodes(grace) {}

    /// @inheritdoc IExchange
    function settle(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external {
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState memory state = leases[leaseId];
        if (!state.live) revert LeaseNotLive(leaseId, _statusOf(state));
        bytes32 orderId = _requireOrder(leaseId, lease.sessionKey, state, order, orderSignature);
        bool late = block.timestamp > order.deadline;
        if (!late && attestations.length != lease.nodes.length) {
            revert AttestationsMissing(attestations.length, lease.nodes.length, order.deadline);
        }
        _requireAttestations(orderId, lease.nodes, attestations);
        Quorum.Group memory group = _requireQuorum(orderId, lease.nodes, order.quorumBps, attestations);

        _useNonce(leaseId, state, order.nonce);
        uint256 total = _payGroup(leaseId, orderId, group, order.maxPrice, attestations);
        uint256 fee = late ? order.forceFee : 0;
        if (state.funds < total + fee) revert LeaseUnderfunded(leaseId, state.funds, total + fee);
        state.funds -= uint96(total + fee);
        leases[leaseId] = state;
        if (fee > 0) {
            _credit(msg.sender, fee);
            emit ForceFeePaid(orderId, msg.sender, fee);
        }
        emit OrderSettled(leaseId, orderId, order.nonce, group.resultHash, total);
    }

    /// @inheritdoc IExchange
    function isSettled(bytes32 leaseId, uint32 nonce) external view returns (bool) {
        return settledNonces[leaseId][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    /// @inheritdoc IExchange
    function orderIdOf(JobOrder calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(JobOrderType.hash(order));
    }

    function _requireOrder(
        bytes32 leaseId,
        address sessionKey,
        LeaseState memory state,
        JobOrder calldata order,
        bytes calldata signature
    ) private view returns (bytes32 orderId) {
        if (order.lease != leaseId) revert OrderOfOtherLease(leaseId, order.lease);
        if (order.deadline > state.expiry) revert OrderOutlivesLease(order.deadline, state.expiry);
        if (order.quorumBps < QUORUM_BPS_MIN || order.quorumBps > BPS) {
            revert QuorumOutOfRange(order.quorumBps, QUORUM_BPS_MIN, BPS);
        }
        orderId = orderIdOf(order);
        uint256 until = uint256(order.deadline) + GRACE;
        if (block.timestamp > until) revert OrderExpired(orderId, until, block.timestamp);
        if (!Signatures.isBy(sessionKey, orderId, signature)) revert OrderSignatureInvalid(orderId, sessionKey);
    }

    function _requireAttestations(
        bytes32 orderId,
        address[] calldata committee,
        Attestation[] calldata attestations
    ) private view {
        uint256 seat = 0;
        address previous = address(0);
        for (uint256 i = 0; i < attestations.length; ++i) {
            Attestation calldata attestation = attestations[i];
            address node = attestation.node;
            if (node <= previous) revert AttestationsNotAscending(node);
            while (seat < committee.length && committee[seat] < node) ++seat;
            if (seat == committee.length || committee[seat] != node) revert NotInCommittee(node);
            bytes32 digest = _hashTypedDataV4(AttestationType.hash(orderId, attestation));
            if (!Signatures.isBy(node, digest, attestation.signature)) revert AttestationSignatureInvalid(node);
            previous = node;
        }
    }

    /// Both shares are of the whole named committee, so that leaving a dissenter out of the calldata gains nothing.
    function _requireQuorum(
        bytes32 orderId,
        address[] calldata committee,
        uint256 quorumBps,
        Attestation[] calldata attestations
    ) private view returns (Quorum.Group memory group) {
        group = Quorum.largest(attestations);
        uint256 committeeStake = 0;
        for (uint256 i = 0; i < committee.length; ++i) committeeStake += stakes[committee[i]].staked;
        uint256 agreeingStake = 0;
        for (uint256 i = 0; i < attestations.length; ++i) {
            if (attestations[i].resultHash == group.resultHash) agreeingStake += stakes[attestations[i].node].staked;
        }
        bool byHeads = group.size * BPS >= quorumBps * committee.length;
        // Holds for 0 of 0 too: a committee without stake is counted by heads alone.
        bool byStake = agreeingStake * BPS >= quorumBps * committeeStake;
        if (!byHeads || !byStake) {
            revert NoQuorum(orderId, group.size, committee.length, agreeingStake, committeeStake, quorumBps);
        }
    }

    function _useNonce(bytes32 leaseId, LeaseState memory state, uint32 nonce) private {
        if (nonce <= state.upTo) revert NonceCovered(nonce, state.upTo);
        uint256 bit = 1 << (nonce & 0xff);
        uint256 used = settledNonces[leaseId][nonce >> 8];
        if (used & bit != 0) revert NonceUsed(nonce);
        settledNonces[leaseId][nonce >> 8] = used | bit;
        state.forced = (uint256(state.forced) + 1).toUint16();
    }

    function _payGroup(
        bytes32 leaseId,
        bytes32 orderId,
        Quorum.Group memory group,
        uint256 maxPrice,
        Attestation[] calldata attestations
    ) private returns (uint256 total) {
        uint256 cap = group.medianPrice < maxPrice ? group.medianPrice : maxPrice;
        for (uint256 i = 0; i < attestations.length; ++i) {
            Attestation calldata attestation = attestations[i];
            if (attestation.resultHash != group.resultHash) continue;
            uint256 amount = attestation.price < cap ? attestation.price : cap;
            total += amount;
            _earn(attestation.node, amount);
            emit NodePaid(attestation.node, leaseId, orderId, amount);
        }
    }
}
