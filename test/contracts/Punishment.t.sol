// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt} from "../../contracts/interfaces/ICourt.sol";
import {Attestation, IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {CourtTest} from "./CourtTest.sol";

/// Who is accused and punished without a jury, and for what needs none.
contract PunishmentTest is CourtTest {
    function setUp() public {
        setUpCourt();
    }

    // Accusation

    function test_CallerOmittingADissenterDoesNotSaveIt() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        Attestation[] memory all = dispute.attestations;
        dispute.attestations = new Attestation[](2);
        (dispute.attestations[0], dispute.attestations[1]) = (all[0], all[1]);
        settleLate(dispute);
        expectError(abi.encodeWithSelector(ICourt.NoDissent.selector, dispute.orderId));
        accuse(dispute);

        uint256 funds = exchange.leaseOf(leaseId).funds;
        dispute.attestations = all;
        accuse(dispute);
        equal(staking.stakeOf(nodes[2]).frozenUntil, CLOSES_AT, "accused");
        equal(staking.stakeOf(nodes[0]).frozenUntil, 0, "agreeing");
        equal(exchange.leaseOf(leaseId).funds, funds, "funds");
    }

    function test_AccusationHasItsTimeAndAgainProlongsNothing() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE);
        expectError(abi.encodeWithSelector(ICourt.OrderStillOpen.selector, dispute.orderId, DEADLINE, DEADLINE));
        accuse(dispute);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(DEADLINE + GRACE);
        accuse(dispute);
        equal(staking.stakeOf(nodes[2]).frozenUntil, CLOSES_AT, "frozenUntil");
        vm.warp(DEADLINE + GRACE + 1);
        uint256 until = DEADLINE + GRACE;
        expectError(abi.encodeWithSelector(IExchange.OrderExpired.selector, dispute.orderId, until, until + 1));
        accuse(dispute);
    }

    function test_NobodyIsAccusedByLessThanAQuorumOfHeadsAndStake() public {
        Dispute memory dispute = disputeOf(1);
        dispute.attestations = attest(dispute.order, nodes, 1, 4e6);
        vm.warp(DEADLINE + 1);
        expectNoQuorum(dispute, 1, 3 * (STAKE / 4), 9 * (STAKE / 4));
        accuse(dispute);
        // Two heads, but the third has more at stake than both.
        dispute = disputeOf(2);
        raiseStake(nodes[2], 9 * STAKE - 3 * (STAKE / 4));
        uint256 two = 2 * 3 * (STAKE / 4);
        expectNoQuorum(dispute, 2, two, two + 9 * STAKE);
        accuse(dispute);
    }

    function test_ChosenCommitteesAreFrozenAndNotAccused() public {
        lease.salt = bytes32(uint256(1));
        vm.prank(consumer);
        leaseId = exchange.open(lease, FUNDS, EXPIRY);
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        equal(staking.stakeOf(nodes[2]).frozenUntil, CLOSES_AT, "frozenUntil");
        // Proved too late to be told in time.
        draws.proveCommittee(lease);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(abi.encodeWithSelector(ICourt.NobodyToPunish.selector, dispute.orderId));
        punish(dispute);
    }

    // Punishment without appeal

    function test_AccusedDissenterLosesAQuarterToTheVaultAndNobodyElseGains() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(APPEAL_UNTIL + 1);
        punish(dispute);
        equal(stakeOf(nodes[2]), 3 * (STAKE / 4), "dissenter");
        equal(forfeited(), STAKE / 4, "vault");
        equal(vault.balanceOf(address(theCourt)), 0, "court");
        for (uint256 i = 0; i < 2; ++i) {
            equal(stakeOf(nodes[i]), STAKE, "winner's stake");
            equal(vault.balanceOf(ownerOf[nodes[i]]), 0, "winner");
        }
        equal(vault.balanceOf(consumer), 0, "consumer");
        equal(vault.balanceOf(stranger), 0, "caller");
    }

    function test_NobodyIsPunishedBeforeTheAppealWindowIsOver() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE);
        expectError(abi.encodeWithSelector(ICourt.OrderStillOpen.selector, dispute.orderId, DEADLINE, DEADLINE));
        punish(dispute);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(APPEAL_UNTIL);
        expectError(
            abi.encodeWithSelector(ICourt.AppealStillOpen.selector, dispute.orderId, APPEAL_UNTIL, APPEAL_UNTIL)
        );
        punish(dispute);
    }

    function test_NobodyIsPunishedAfterTheCaseCloses() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(CLOSES_AT + 1);
        expectError(abi.encodeWithSelector(IExchange.OrderExpired.selector, dispute.orderId, CLOSES_AT, CLOSES_AT + 1));
        punish(dispute);
        vm.warp(CLOSES_AT);
        punish(dispute);
    }

    function test_OnlyDrawnLeasesAreAppealedAndPunished() public {
        Lease memory chosen = lease;
        chosen.salt = bytes32(uint256(1));
        vm.prank(consumer);
        bytes32 chosenId = exchange.open(chosen, FUNDS, EXPIRY);
        JobOrder memory order = orderOf(chosenId, 1);
        Attestation[] memory attestations = attest(order, nodes, 2, 4e6);
        bytes memory signature = signOrder(order);
        vm.warp(DEADLINE + 1);
        bytes memory refusal = abi.encodeWithSelector(ICourt.LeaseNotDrawn.selector, chosenId);
        expectError(refusal);
        vm.prank(ownerOf[nodes[2]]);
        theCourt.appeal(chosen, order, signature, attestations);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(refusal);
        theCourt.punish(chosen, order, signature, attestations);
    }

    function test_WhoWasNotAccusedForThisVeryOrderIsNotPunishedByAMajority() public {
        Dispute memory hidden = disputeOf(1);
        Dispute memory later = disputeOf(2);
        vm.warp(DEADLINE + 1);
        // The freeze for another order is in force, but nobody has told the node about this one.
        accuse(later);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(abi.encodeWithSelector(ICourt.NobodyToPunish.selector, hidden.orderId));
        punish(hidden);
        punish(later);
        equal(stakeOf(nodes[2]), 3 * (STAKE / 4), "accused");
    }

    function test_StakeThatMovesAfterTheAccusationChangesNothing() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        raiseStake(nodes[2], 999 * STAKE);
        vm.warp(APPEAL_UNTIL + 1);
        punish(dispute);
        equal(stakeOf(nodes[2]), 750 * STAKE, "liar that stakes more");
    }

    function test_WithoutMajorityNobodyIsPunished() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(APPEAL_UNTIL + 1);
        // Shown as if one stood against one.
        (Attestation memory first, Attestation memory last) = (dispute.attestations[0], dispute.attestations[2]);
        dispute.attestations = new Attestation[](2);
        (dispute.attestations[0], dispute.attestations[1]) = (first, last);
        (bool done, bytes memory refusal) = address(theCourt).call(
            abi.encodeCall(ICourt.punish, (lease, dispute.order, dispute.signature, dispute.attestations))
        );
        require(!done && bytes4(refusal) == ICourt.NoMajority.selector, "refusal");
    }

    function test_PunishTwiceIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(APPEAL_UNTIL + 1);
        punish(dispute);
        expectError(abi.encodeWithSelector(ICourt.NobodyToPunish.selector, dispute.orderId));
        punish(dispute);
    }

    function test_WhoHasLostAllByEquivocationHasNothingLeftToPunish() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory second = attestOne(dispute.order, nodes[2], RIGHT, 4e6);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        theCourt.proveEquivocation(dispute.orderId, dispute.attestations[2], second);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(abi.encodeWithSelector(ICourt.NobodyToPunish.selector, dispute.orderId));
        punish(dispute);
    }

    function test_EvidenceIsTheCommitteesAndSigned() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(APPEAL_UNTIL + 1);
        dispute.attestations[2].resultHash = keccak256("forged");
        expectError(abi.encodeWithSelector(IExchange.AttestationSignatureInvalid.selector, nodes[2]));
        punish(dispute);
        dispute = disputeOf(1);
        dispute.signature = sign(0xBAD, dispute.orderId);
        expectError(
            abi.encodeWithSelector(IExchange.OrderSignatureInvalid.selector, dispute.orderId, lease.sessionKey)
        );
        punish(dispute);
    }

    function test_ReplayOnAnotherForkOfTheChainIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        vm.warp(APPEAL_UNTIL + 1);
        vm.chainId(block.chainid + 1);
        bytes32 orderId = exchange.orderIdOf(dispute.order);
        require(orderId != dispute.orderId, "order id");
        expectError(abi.encodeWithSelector(IExchange.OrderSignatureInvalid.selector, orderId, lease.sessionKey));
        punish(dispute);
    }

    // Equivocation

    function test_EquivocationBurnsTheWholeStakeOnce() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[0], WRONG, 4e6);
        vm.prank(stranger);
        theCourt.proveEquivocation(dispute.orderId, first, second);
        equal(stakeOf(nodes[0]), 0, "stake");
        equal(forfeited(), STAKE, "vault");
        equal(vault.balanceOf(address(theCourt)), 0, "court");
        raiseStake(nodes[0], STAKE);
        expectError(abi.encodeWithSelector(ICourt.EquivocationKnown.selector, dispute.orderId, nodes[0]));
        theCourt.proveEquivocation(dispute.orderId, second, first);
    }

    function test_AnotherPriceIsEquivocationToo() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        theCourt.proveEquivocation(dispute.orderId, first, attestOne(dispute.order, nodes[0], RIGHT, 5e6));
        equal(stakeOf(nodes[0]), 0, "stake");
    }

    function test_EqualAttestationsAreNoEquivocation() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        bytes memory refusal = abi.encodeWithSelector(ICourt.AttestationsEqual.selector, dispute.orderId, nodes[0]);
        expectError(refusal);
        theCourt.proveEquivocation(dispute.orderId, first, second);
        // The same statement in the other form of a signature.
        (bytes32 r, bytes32 s) = abi.decode(slice(first.signature, 0, 64), (bytes32, bytes32));
        uint256 odd = uint8(first.signature[64]) - 27;
        second.signature = abi.encodePacked(r, uint256(s) | (odd << 255));
        expectError(refusal);
        theCourt.proveEquivocation(dispute.orderId, first, second);
    }

    function test_EquivocationNeedsTwoSignaturesOfOneNodeOnOneOrder() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[1], WRONG, 4e6);
        expectError(abi.encodeWithSelector(ICourt.NodesDiffer.selector, nodes[0], nodes[1]));
        theCourt.proveEquivocation(dispute.orderId, first, second);
        second.node = nodes[0];
        bytes memory unsigned = abi.encodeWithSelector(IExchange.AttestationSignatureInvalid.selector, nodes[0]);
        expectError(unsigned);
        theCourt.proveEquivocation(dispute.orderId, first, second);
        second = attestOne(orderOf(leaseId, 2), nodes[0], WRONG, 4e6);
        expectError(unsigned);
        theCourt.proveEquivocation(dispute.orderId, first, second);
    }

    function test_ProofOfEquivocationIsNotUsedUpByBurningNothing() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[0], WRONG, 4e6);
        lowerStake(nodes[0], 0);
        expectError(abi.encodeWithSelector(ICourt.NothingAtStake.selector, nodes[0]));
        theCourt.proveEquivocation(dispute.orderId, first, second);
        raiseStake(nodes[0], 2);
        vm.prank(ownerOf[nodes[0]]);
        staking.startUnbonding(nodes[0], 1);
        theCourt.proveEquivocation(dispute.orderId, first, second);
        equal(stakeOf(nodes[0]), 0, "stake");
    }

    function settleLate(Dispute memory dispute) private {
        vm.prank(stranger);
        exchange.settle(lease, dispute.order, dispute.signature, dispute.attestations);
    }

    function expectNoQuorum(Dispute memory dispute, uint256 heads, uint256 agreeing, uint256 all) private {
        uint16 bps = dispute.order.quorumBps;
        expectError(abi.encodeWithSelector(IExchange.NoQuorum.selector, dispute.orderId, heads, 3, agreeing, all, bps));
    }
}
