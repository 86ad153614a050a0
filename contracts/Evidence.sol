// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Attestation, IExchange, JobOrder} from "./interfaces/IExchange.sol";
import {Signatures} from "./Signatures.sol";
import {AttestationType} from "./types/AttestationType.sol";
import {JobOrderType} from "./types/JobOrderType.sol";

/// Decides whether an order and attestations of it are what they say, for whoever judges by them: signed over the
/// exchange's domain, of this lease and by this committee. It never decides what follows from them.
library Evidence {
    uint256 private constant QUORUM_BPS_MIN = 5_001;
    uint256 private constant BPS = 10_000;

    /// @param domain The exchange's EIP-712 domain separator.
    /// @param expiry Of the lease, Unix seconds.
    /// @param until The last moment at which the order is taken, Unix seconds.
    function requireOrder(
        bytes32 domain,
        bytes32 leaseId,
        address sessionKey,
        uint256 expiry,
        uint256 until,
        JobOrder calldata order,
        bytes calldata signature
    ) internal view returns (bytes32 orderId) {
        if (order.lease != leaseId) revert IExchange.OrderOfOtherLease(leaseId, order.lease);
        (uint256 deadline, uint256 quorumBps) = (order.deadline, order.quorumBps);
        if (deadline > expiry) revert IExchange.OrderOutlivesLease(deadline, expiry);
        if (quorumBps < QUORUM_BPS_MIN || quorumBps > BPS) {
            revert IExchange.QuorumOutOfRange(quorumBps, QUORUM_BPS_MIN, BPS);
        }
        orderId = MessageHashUtils.toTypedDataHash(domain, JobOrderType.hash(order));
        if (block.timestamp > until) revert IExchange.OrderExpired(orderId, until, block.timestamp);
        if (!Signatures.isBy(sessionKey, orderId, signature)) {
            revert IExchange.OrderSignatureInvalid(orderId, sessionKey);
        }
    }

    /// @return seats Bit i says that there is an attestation of `committee[i]`.
    function requireAttestations(
        bytes32 domain,
        bytes32 orderId,
        address[] calldata committee,
        Attestation[] calldata attestations
    ) internal pure returns (uint256 seats) {
        uint256 seat = 0;
        address previous = address(0);
        for (uint256 i = 0; i < attestations.length; ++i) {
            Attestation calldata attestation = attestations[i];
            address node = attestation.node;
            if (node <= previous) revert IExchange.AttestationsNotAscending(node);
            while (seat < committee.length && committee[seat] < node) ++seat;
            if (seat == committee.length || committee[seat] != node) revert IExchange.NotInCommittee(node);
            requireSignature(domain, orderId, attestation);
            seats |= 1 << seat;
            previous = node;
        }
    }

    /// @return digest What the node signed.
    function requireSignature(
        bytes32 domain,
        bytes32 orderId,
        Attestation calldata attestation
    ) internal pure returns (bytes32 digest) {
        digest = MessageHashUtils.toTypedDataHash(domain, AttestationType.hash(orderId, attestation));
        if (!Signatures.isBy(attestation.node, digest, attestation.signature)) {
            revert IExchange.AttestationSignatureInvalid(attestation.node);
        }
    }

    /// Of `seats`, as `requireAttestations` gave them, those that attested `resultHash`.
    function agreeingSeats(
        uint256 seats,
        Attestation[] calldata attestations,
        bytes32 resultHash
    ) internal pure returns (uint256 agreeing) {
        for (uint256 i = 0; i < attestations.length; ++i) {
            uint256 seat = seats & (~seats + 1);
            if (attestations[i].resultHash == resultHash) agreeing |= seat;
            seats ^= seat;
        }
    }

    /// By heads and by stake of the whole named committee. A committee without stake is counted by heads alone.
    function requireQuorum(
        bytes32 orderId,
        uint256 quorumBps,
        uint256 agreeing,
        uint256 committee,
        uint256 agreeingStake,
        uint256 committeeStake
    ) internal pure {
        if (!isQuorum(agreeing, committee, quorumBps) || !isQuorum(agreeingStake, committeeStake, quorumBps)) {
            revert IExchange.NoQuorum(orderId, agreeing, committee, agreeingStake, committeeStake, quorumBps);
        }
    }

    /// Whether `agreeing` of `all`, heads or stake, are the share that the order wants. None of none are.
    function isQuorum(uint256 agreeing, uint256 all, uint256 quorumBps) internal pure returns (bool) {
        return agreeing * BPS >= quorumBps * all;
    }
}
