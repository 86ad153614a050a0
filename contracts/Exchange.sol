// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Accounts} from "./Accounts.sol";
import {Clearing} from "./Clearing.sol";
import {Evidence} from "./Evidence.sol";
import {Attestation, ClaimedOrder, IExchange, JobOrder, Lease} from "./interfaces/IExchange.sol";
import {LeaseState} from "./LeaseState.sol";
import {IStaking} from "./interfaces/IStaking.sol";
import {Nodes} from "./Nodes.sol";
import {Quorum} from "./Quorum.sol";
import {Signatures} from "./Signatures.sol";
import {ClaimType} from "./types/ClaimType.sol";
import {JobOrderType} from "./types/JobOrderType.sol";
import {LeaseType} from "./types/LeaseType.sol";

/// Decides what a committee is paid, from signatures alone. It never looks at a job, a result or a price list: nodes
/// that agree on the same 32 bytes are paid what they and the consumer signed for.
contract Exchange is Clearing {
    using SafeCast for uint256;

    uint256 private constant CLAIM_ORDERS_MAX = 1_024;
    uint256 private constant EARLY_NONCES = 7;

    /// One bit for each order settled without a voucher, but those that `LeaseState` has room for.
    mapping(bytes32 leaseId => mapping(uint256 word => uint256 bits)) private settledNonces;

    /// Where nodes' stake stands: it is weighed in quorums, and frozen when it disagrees with one.
    IStaking public immutable STAKING;

    constructor(
        IERC20 token,
        uint40 grace,
        uint256 feeBps,
        address vault,
        IStaking staking
    ) EIP712("mimik exchange", "1") Accounts(token) Nodes(grace, feeBps, vault) {
        STAKING = staking;
    }

    /// @inheritdoc IExchange
    function settle(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external {
        _settle(lease, order, orderSignature, attestations, false);
    }

    /// @inheritdoc IExchange
    function adjudicate(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external {
        _settle(lease, order, orderSignature, attestations, true);
    }

    /// @inheritdoc IExchange
    function claim(
        Lease calldata lease,
        ClaimedOrder[] calldata orders,
        bytes32 receiptsRoot,
        uint96 perNode,
        bytes[] calldata signatures
    ) external {
        if (orders.length == 0 || orders.length > CLAIM_ORDERS_MAX) {
            revert ClaimSizeOutOfRange(orders.length, 1, CLAIM_ORDERS_MAX);
        }
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState state = _requireLive(leaseId);
        bytes32[] memory orderIds;
        uint256 maxPrice;
        uint256 fee;
        (state, orderIds, maxPrice, fee) = _claimOrders(lease, leaseId, state, orders);
        if (perNode > maxPrice) revert ClaimExceedsOrders(perNode, maxPrice);
        bytes32 ordersHash = keccak256(abi.encodePacked(orderIds));
        bytes32 claimId = _hashTypedDataV4(ClaimType.hash(leaseId, ordersHash, receiptsRoot, perNode));
        _requireClaimants(lease.nodes, claimId, signatures);

        for (uint256 i = 0; i < lease.nodes.length; ++i) {
            _earn(lease.nodes[i], perNode);
            emit NodePaid(lease.nodes[i], leaseId, claimId, perNode);
        }
        _spend(leaseId, claimId, state, uint256(perNode) * lease.nodes.length, fee);
        emit OrdersClaimed(leaseId, claimId, perNode, receiptsRoot, orderIds);
    }

    /// @inheritdoc IExchange
    function isSettled(bytes32 leaseId, uint32 nonce) external view returns (bool) {
        uint256 bits = nonce <= EARLY_NONCES ? _load(leaseId).early() : settledNonces[leaseId][nonce >> 8];
        return bits & (1 << (nonce & 0xff)) != 0;
    }

    /// @inheritdoc IExchange
    function orderIdOf(JobOrder calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(JobOrderType.hash(order));
    }

    function _settle(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations,
        bool freezing
    ) private {
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState state = _requireLive(leaseId);
        bytes32 orderId = _requireOrder(leaseId, lease.sessionKey, state.expiry(), order, orderSignature);
        bool late = block.timestamp > order.deadline;
        if (!late && attestations.length != lease.nodes.length) {
            revert AttestationsMissing(attestations.length, lease.nodes.length, order.deadline);
        }
        Quorum.Group memory group = _requireQuorum(orderId, lease.nodes, order, attestations, freezing);

        state = _useNonce(settledNonces[leaseId], state, order.nonce);
        state = state.withForced((state.forced() + 1).toUint16());
        uint256 total = _payGroup(leaseId, orderId, group, order.maxPrice, attestations);
        _spend(leaseId, orderId, state, total, late ? order.forceFee : 0);
        emit OrderSettled(leaseId, orderId, order.nonce, group.resultHash, total);
    }

    function _requireOrder(
        bytes32 leaseId,
        address sessionKey,
        uint256 expiry,
        JobOrder calldata order,
        bytes calldata signature
    ) private view returns (bytes32 orderId) {
        uint256 until = uint256(order.deadline) + GRACE;
        return Evidence.requireOrder(_domainSeparatorV4(), leaseId, sessionKey, expiry, until, order, signature);
    }

    /// Checks the attestations too, and when `freezing` freezes the stake of those that disagree. Both shares are of the whole named committee, so that leaving a dissenter out of the
    /// calldata gains nothing.
    function _requireQuorum(
        bytes32 orderId,
        address[] calldata committee,
        JobOrder calldata order,
        Attestation[] calldata attestations,
        bool freezing
    ) private returns (Quorum.Group memory group) {
        uint256 until = freezing ? _freezeUntil(orderId, order.deadline) : 0;
        uint256 seats = Evidence.requireAttestations(_domainSeparatorV4(), orderId, committee, attestations);
        group = Quorum.largest(attestations);
        // All of them are a quorum of any heads and any stake.
        if (group.size == committee.length) return group;
        uint256 agreeing = Evidence.agreeingSeats(seats, attestations, group.resultHash);
        (uint256 agreeingStake, uint256 committeeStake) = freezing
            ? STAKING.weighAndFreeze(committee, agreeing, seats ^ agreeing, orderId, uint40(until))
            : STAKING.weigh(committee, agreeing);
        Evidence.requireQuorum(orderId, order.quorumBps, group.size, committee.length, agreeingStake, committeeStake);
    }

    function _useNonce(
        mapping(uint256 word => uint256 bits) storage settled,
        LeaseState state,
        uint256 nonce
    ) private returns (LeaseState) {
        if (nonce <= state.upTo()) revert NonceCovered(nonce, state.upTo());
        uint256 bit = 1 << (nonce & 0xff);
        if (nonce <= EARLY_NONCES) {
            if (state.early() & bit != 0) revert NonceUsed(nonce);
            return state.withEarly(bit);
        }
        uint256 used = settled[nonce >> 8];
        if (used & bit != 0) revert NonceUsed(nonce);
        settled[nonce >> 8] = used | bit;
        return state;
    }

    /// Checks each order as `settle` does, and that its consumer had until the deadline to pay by voucher; uses up its
    /// nonce.
    function _claimOrders(
        Lease calldata lease,
        bytes32 leaseId,
        LeaseState state,
        ClaimedOrder[] calldata orders
    ) private returns (LeaseState, bytes32[] memory orderIds, uint256 maxPrice, uint256 fee) {
        orderIds = new bytes32[](orders.length);
        address sessionKey = lease.sessionKey;
        mapping(uint256 word => uint256 bits) storage settled = settledNonces[leaseId];
        for (uint256 i = 0; i < orders.length; ++i) {
            ClaimedOrder calldata claimed = orders[i];
            JobOrder calldata order = claimed.order;
            bytes32 orderId = _requireOrder(leaseId, sessionKey, state.expiry(), order, claimed.signature);
            _requireLate(orderId, order.deadline);
            state = _useNonce(settled, state, order.nonce);
            // At most 1,024 amounts of 96 bits.
            unchecked {
                maxPrice += order.maxPrice;
                fee += order.forceFee;
            }
            orderIds[i] = orderId;
        }
        state = state.withForced((state.forced() + orders.length).toUint16());
        return (state, orderIds, maxPrice, fee);
    }

    function _requireClaimants(
        address[] calldata committee,
        bytes32 claimId,
        bytes[] calldata signatures
    ) private pure {
        if (signatures.length != committee.length) {
            revert ClaimSignaturesMissing(signatures.length, committee.length);
        }
        for (uint256 i = 0; i < committee.length; ++i) {
            if (!Signatures.isBy(committee[i], claimId, signatures[i])) revert ClaimSignatureInvalid(committee[i]);
        }
    }

    function _requireLate(bytes32 orderId, uint256 deadline) private view {
        if (block.timestamp <= deadline) revert OrderInTime(orderId, deadline, block.timestamp);
    }

    /// From the order, not from the clock, so that showing the evidence again prolongs nothing. Two graces to appeal, two
    /// more to decide and to punish.
    function _freezeUntil(bytes32 orderId, uint256 deadline) private view returns (uint256) {
        _requireLate(orderId, deadline);
        return deadline + 4 * uint256(GRACE);
    }

    /// Takes what a forced settlement costs from the lease and writes its state.
    function _spend(bytes32 leaseId, bytes32 orderId, LeaseState state, uint256 total, uint256 fee) private {
        uint256 funds = state.funds();
        if (funds < total + fee) revert LeaseUnderfunded(leaseId, funds, total + fee);
        _store(leaseId, state.withFunds(funds - total - fee));
        if (fee == 0) return;
        _credit(msg.sender, fee);
        emit ForceFeePaid(orderId, msg.sender, fee);
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
