// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CaseStatus, ICourt, Verdict} from "../../contracts/interfaces/ICourt.sol";
import {Attestation, IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {CourtTest} from "./CourtTest.sol";

contract CourtTests is CourtTest {
    function setUp() public {
        setUpCourt();
    }

    // Without appeal

    function test_AccusedDissenterLosesAQuarterToTheVaultAndNobodyElseGains() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
        vm.warp(APPEAL_UNTIL + 1);
        punish(dispute);
        equal(stakeOf(nodes[2]), 3 * (STAKE / 4), "dissenter");
        equal(vault.forfeited(), STAKE / 4, "vault");
        equal(vault.balanceOf(address(court)), 0, "court");
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
        accuse(dispute, nodes[2]);
        vm.warp(APPEAL_UNTIL);
        expectError(
            abi.encodeWithSelector(ICourt.AppealStillOpen.selector, dispute.orderId, APPEAL_UNTIL, APPEAL_UNTIL)
        );
        punish(dispute);
    }

    function test_NobodyIsPunishedAfterTheCaseCloses() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
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
        court.appeal(chosen, order, signature, attestations);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(refusal);
        court.punish(chosen, order, signature, attestations);
    }

    function test_WhoWasNotAccusedForThisVeryOrderIsNotPunishedByAMajority() public {
        Dispute memory hidden = disputeOf(1);
        Dispute memory later = disputeOf(2);
        vm.warp(DEADLINE + 1);
        // The freeze for another order is in force, but nobody has told the node about this one.
        accuse(later, nodes[2]);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(abi.encodeWithSelector(ICourt.NobodyToPunish.selector, hidden.orderId));
        punish(hidden);
        punish(later);
        equal(stakeOf(nodes[2]), 3 * (STAKE / 4), "accused");
    }

    function test_StakeThatMovesAfterTheAccusationChangesNothing() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
        staking.setStake(nodes[2], 1_000 * STAKE, 0);
        vm.warp(APPEAL_UNTIL + 1);
        punish(dispute);
        equal(stakeOf(nodes[2]), 750 * STAKE, "liar that stakes more");
    }

    function test_WithoutMajorityNobodyIsPunished() public {
        Dispute memory dispute = disputeOf(1);
        dispute.attestations = attest(dispute.order, nodes, 1, 4e6);
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
        vm.warp(APPEAL_UNTIL + 1);
        (bool done, bytes memory refusal) = address(court).call(
            abi.encodeCall(ICourt.punish, (lease, dispute.order, dispute.signature, dispute.attestations))
        );
        require(!done && bytes4(refusal) == ICourt.NoMajority.selector, "refusal");
    }

    function test_PunishTwiceIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
        vm.warp(APPEAL_UNTIL + 1);
        punish(dispute);
        expectError(abi.encodeWithSelector(ICourt.NobodyToPunish.selector, dispute.orderId));
        punish(dispute);
    }

    function test_EvidenceIsTheCommitteesAndSigned() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
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
        accuse(dispute, nodes[2]);
        vm.warp(APPEAL_UNTIL + 1);
        vm.chainId(block.chainid + 1);
        bytes32 orderId = exchange.orderIdOf(dispute.order);
        require(orderId != dispute.orderId, "order id");
        expectError(abi.encodeWithSelector(IExchange.OrderSignatureInvalid.selector, orderId, lease.sessionKey));
        punish(dispute);
    }

    // Appeals

    function test_ConsumerWithTwoSybilsLosesAndTheJurySavesTheHonestThird() public {
        Dispute memory dispute = disputeOf(1);
        bytes32 honest = dispute.attestations[2].resultHash;
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, JURY, honest);
        punish(dispute);
        equal(stakeOf(nodes[2]), STAKE, "honest third");
        equal(stakeOf(nodes[0]), 3 * (STAKE / 4), "sybil");
        equal(stakeOf(nodes[1]), 3 * (STAKE / 4), "sybil");
        equal(vault.forfeited(), STAKE / 2 - JURY * JURY_PAY, "vault");
        equal(vault.balanceOf(address(court)), JURY * JURY_PAY, "jury's pay");
        expectError(abi.encodeWithSelector(ICourt.NobodyToPunish.selector, dispute.orderId));
        punish(dispute);
    }

    function test_VerdictForTheMajorityPunishesTheAppellant() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(APPEAL_UNTIL);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, ENOUGH, RIGHT);
        punish(dispute);
        equal(stakeOf(nodes[0]), STAKE, "majority");
        equal(stakeOf(nodes[2]), 3 * (STAKE / 4), "appellant");
    }

    function test_VerdictThatNobodyAttestedPunishesAll() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, ENOUGH, keccak256("what the jobs give"));
        punish(dispute);
        for (uint256 i = 0; i < 3; ++i) equal(stakeOf(nodes[i]), 3 * (STAKE / 4), "liar");
    }

    function test_AppealWithoutVerdictPunishesNobody() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute, nodes[2]);
        openCase(dispute);
        bytes memory undecided = abi.encodeWithSelector(ICourt.CaseUndecided.selector, dispute.orderId);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(undecided);
        punish(dispute);
        vm.warp(CLOSES_AT);
        expectError(undecided);
        punish(dispute);
        vm.warp(CLOSES_AT + 1);
        require(court.caseOf(dispute.orderId).status == CaseStatus.Closed, "status");
        for (uint256 i = 0; i < 3; ++i) equal(stakeOf(nodes[i]), STAKE, "stake");
    }

    function test_LateAppealIsRefusedAndSoIsAnEarlyOne() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE);
        expectError(abi.encodeWithSelector(ICourt.OrderStillOpen.selector, dispute.orderId, DEADLINE, DEADLINE));
        appealAs(nodes[2], dispute);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(
            abi.encodeWithSelector(ICourt.AppealOver.selector, dispute.orderId, APPEAL_UNTIL, APPEAL_UNTIL + 1)
        );
        appealAs(nodes[2], dispute);
    }

    function test_OnlyNodesOfADisputeAndTheirOwnersAppeal() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        expectError(abi.encodeWithSelector(ICourt.NotAnAttester.selector, dispute.orderId, consumer));
        appealAs(consumer, dispute);
        Dispute memory agreed = disputeOf(2);
        agreed.attestations = attest(agreed.order, nodes, 3, 4e6);
        expectError(abi.encodeWithSelector(ICourt.NothingToAppeal.selector, agreed.orderId));
        appealAs(nodes[2], agreed);
        appealAs(nodes[2], dispute);
        require(court.caseOf(dispute.orderId).status == CaseStatus.Open, "status");
    }

    function test_AppealFreezesAllThatAreShownAndAnyoneAddsWhoWasLeftOut() public {
        Dispute memory dispute = disputeOf(1);
        Attestation[] memory all = dispute.attestations;
        dispute.attestations = new Attestation[](2);
        (dispute.attestations[0], dispute.attestations[1]) = (all[0], all[2]);
        vm.warp(DEADLINE + 1);
        appealAs(nodes[0], dispute);
        bytes32 subject = court.caseOf(dispute.orderId).subject;
        equal(staking.stakeOf(nodes[0]).frozenUntil, CLOSES_AT, "shown");
        equal(staking.stakeOf(nodes[2]).frozenUntil, CLOSES_AT, "shown");
        equal(staking.stakeOf(nodes[1]).frozenUntil, 0, "left out");
        vm.roll(block.number + 1);
        dispute.attestations = new Attestation[](1);
        dispute.attestations[0] = all[1];
        appealAs(stranger, dispute);
        equal(staking.stakeOf(nodes[1]).frozenUntil, CLOSES_AT, "added");
        require(court.caseOf(dispute.orderId).subject == subject, "the draw stays");
    }

    // Juries

    function test_JuryIsDrawnFromALaterBeaconAndHoldsNoParty() public {
        Dispute memory dispute = disputeOf(1);
        // The consumer and the honest third have more nodes.
        address ofConsumer = vm.addr(0xC0FFEE);
        keyOf[ofConsumer] = 0xC0FFEE;
        register(ofConsumer, consumer);
        staking.setStake(ofConsumer, STAKE, 0);
        address second = vm.addr(0x5EC0);
        keyOf[second] = 0x5EC0;
        register(second, ownerOf[nodes[2]]);
        staking.setStake(second, STAKE, 0);
        vm.warp(DEADLINE + 1);
        expectError(abi.encodeWithSelector(ICourt.CaseUnknown.selector, dispute.orderId));
        court.juryOf(lease, dispute.order);
        appealAs(nodes[2], dispute);
        equal(court.caseOf(dispute.orderId).stakeBlock, block.number - 1, "stake block");
        expectError(abi.encodeWithSelector(ICourt.JuryNotDrawn.selector, dispute.orderId, block.number + 8));
        court.juryOf(lease, dispute.order);
        address[] memory jury = drawJury(dispute);
        equal(jury.length, JURY, "seats");
        for (uint256 i = 0; i < JURY; ++i) {
            address owner = ownerOf[jury[i]];
            require(owner != consumer && owner != ownerOf[nodes[0]], "party");
            require(owner != ownerOf[nodes[1]] && owner != ownerOf[nodes[2]], "party");
        }
    }

    function test_NobodyKnowsTheSubjectOfTheDrawBeforeTheAppeal() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        appealAs(nodes[2], dispute);
        bytes32 subject = court.caseOf(dispute.orderId).subject;
        bytes32 expected = keccak256(abi.encode(dispute.orderId, blockhash(block.number - 1)));
        require(subject == expected && blockhash(block.number - 1) != 0, "subject");
    }

    function test_VerdictBelowTwoThirdsOfTheSeatsIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH - 1, RIGHT);
        expectError(abi.encodeWithSelector(ICourt.VerdictTooWeak.selector, ENOUGH - 1, ENOUGH, JURY));
        court.decide(lease, dispute.order, verdict);
        decide(dispute, jury, ENOUGH, RIGHT);
        require(court.caseOf(dispute.orderId).resultHash == RIGHT, "verdict");
    }

    function test_JurorCountedTwiceIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        // The last signer signs for the next seat as well.
        address next = jury[ENOUGH - 1];
        jury[ENOUGH - 1] = jury[ENOUGH - 2];
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        bytes32 repeated = court.jurorKeyOf(jury[ENOUGH - 2]);
        expectError(abi.encodeWithSelector(ICourt.NotJurorsKey.selector, next, repeated));
        court.decide(lease, dispute.order, verdict);
        // And so it does with a key more than there are signers.
        jury[ENOUGH - 1] = next;
        verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        verdict.keys = bytes.concat(verdict.keys, verdict.keys);
        expectError(abi.encodeWithSelector(ICourt.KeysMalformed.selector, 2 * ENOUGH * 128, ENOUGH * 128));
        court.decide(lease, dispute.order, verdict);
    }

    function test_KeyThatIsNotInTheJuryIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        registerJuror(nodes[0]);
        address displaced = jury[3];
        jury[3] = nodes[0];
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        bytes32 foreign = court.jurorKeyOf(nodes[0]);
        expectError(abi.encodeWithSelector(ICourt.NotJurorsKey.selector, displaced, foreign));
        court.decide(lease, dispute.order, verdict);
        // Nor is there a seat beyond the last.
        verdict.signers = 1 << JURY;
        expectError(abi.encodeWithSelector(ICourt.SeatUnknown.selector, 1 << JURY, JURY));
        court.decide(lease, dispute.order, verdict);
    }

    function test_SignatureOfTheVerdictMustBeOfAllItsSigners() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        verdict.signature = verdictOf(dispute.order, jury, ENOUGH - 1, RIGHT).signature;
        bytes memory refusal = abi.encodeWithSelector(ICourt.VerdictSignatureInvalid.selector, dispute.orderId);
        expectError(refusal);
        court.decide(lease, dispute.order, verdict);
        verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        verdict.resultHash = WRONG;
        expectError(refusal);
        court.decide(lease, dispute.order, verdict);
    }

    function test_VerdictReplayOnAnotherCaseIsRefused() public {
        Dispute memory first = disputeOf(1);
        Dispute memory second = disputeOf(2);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(first);
        require(keccak256(abi.encode(openCase(second))) == keccak256(abi.encode(jury)), "the same jury");
        Verdict memory verdict = verdictOf(first.order, jury, ENOUGH, RIGHT);
        court.decide(lease, first.order, verdict);
        expectError(abi.encodeWithSelector(ICourt.VerdictSignatureInvalid.selector, second.orderId));
        court.decide(lease, second.order, verdict);
    }

    function test_VerdictStandsOnceItIsThereAndComesBeforeTheCaseCloses() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        vm.warp(CLOSES_AT + 1);
        expectError(abi.encodeWithSelector(ICourt.CaseClosed.selector, dispute.orderId, CLOSES_AT, CLOSES_AT + 1));
        court.decide(lease, dispute.order, verdict);
        vm.warp(CLOSES_AT);
        court.decide(lease, dispute.order, verdict);
        expectError(abi.encodeWithSelector(ICourt.CaseAlreadyDecided.selector, dispute.orderId, RIGHT));
        court.decide(lease, dispute.order, verdict);
    }

    function test_JuryHasAtLeast31AndAtMost255Seats() public {
        deployCourt(255);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 seats = i == 0 ? 30 : 256;
            expectError(abi.encodeWithSelector(ICourt.JurySizeOutOfRange.selector, seats, 31, 255));
            this.deploy(seats);
        }
    }

    function deploy(uint256 jury) external {
        deployCourt(jury);
    }

    // Equivocation

    function test_EquivocationBurnsTheWholeStakeOnce() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[0], WRONG, 4e6);
        vm.prank(stranger);
        court.proveEquivocation(dispute.orderId, first, second);
        equal(stakeOf(nodes[0]), 0, "stake");
        equal(vault.forfeited(), STAKE, "vault");
        equal(vault.balanceOf(address(court)), 0, "court");
        staking.setStake(nodes[0], STAKE, 0);
        expectError(abi.encodeWithSelector(ICourt.EquivocationKnown.selector, dispute.orderId, nodes[0]));
        court.proveEquivocation(dispute.orderId, second, first);
    }

    function test_AnotherPriceIsEquivocationToo() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        court.proveEquivocation(dispute.orderId, first, attestOne(dispute.order, nodes[0], RIGHT, 5e6));
        equal(stakeOf(nodes[0]), 0, "stake");
    }

    function test_EqualAttestationsAreNoEquivocation() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        bytes memory refusal = abi.encodeWithSelector(ICourt.AttestationsEqual.selector, dispute.orderId, nodes[0]);
        expectError(refusal);
        court.proveEquivocation(dispute.orderId, first, second);
        // The same statement in the other form of a signature.
        (bytes32 r, bytes32 s) = abi.decode(slice(first.signature, 0, 64), (bytes32, bytes32));
        uint256 odd = uint8(first.signature[64]) - 27;
        second.signature = abi.encodePacked(r, uint256(s) | (odd << 255));
        expectError(refusal);
        court.proveEquivocation(dispute.orderId, first, second);
    }

    function test_EquivocationNeedsTwoSignaturesOfOneNodeOnOneOrder() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[1], WRONG, 4e6);
        expectError(abi.encodeWithSelector(ICourt.NodesDiffer.selector, nodes[0], nodes[1]));
        court.proveEquivocation(dispute.orderId, first, second);
        second.node = nodes[0];
        bytes memory unsigned = abi.encodeWithSelector(IExchange.AttestationSignatureInvalid.selector, nodes[0]);
        expectError(unsigned);
        court.proveEquivocation(dispute.orderId, first, second);
        second = attestOne(orderOf(leaseId, 2), nodes[0], WRONG, 4e6);
        expectError(unsigned);
        court.proveEquivocation(dispute.orderId, first, second);
    }

    function test_ProofOfEquivocationIsNotUsedUpByBurningNothing() public {
        Dispute memory dispute = disputeOf(1);
        Attestation memory first = attestOne(dispute.order, nodes[0], RIGHT, 4e6);
        Attestation memory second = attestOne(dispute.order, nodes[0], WRONG, 4e6);
        staking.setStake(nodes[0], 0, 0);
        expectError(abi.encodeWithSelector(ICourt.NothingAtStake.selector, nodes[0]));
        court.proveEquivocation(dispute.orderId, first, second);
        staking.setStake(nodes[0], 1, 1);
        court.proveEquivocation(dispute.orderId, first, second);
        equal(stakeOf(nodes[0]), 0, "stake");
    }
}
