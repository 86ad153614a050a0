// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CaseStatus, ICourt, Verdict} from "../../contracts/interfaces/ICourt.sol";
import {Attestation, IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {CourtTest} from "./CourtTest.sol";

contract CourtTests is CourtTest {
    function setUp() public {
        setUpCourt();
    }

    // Appeals

    function test_ConsumerWithTwoSybilsLosesAndTheJurySavesTheHonestThird() public {
        Dispute memory dispute = disputeOf(1);
        bytes32 honest = dispute.attestations[2].resultHash;
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, JURY, honest);
        punish(dispute);
        equal(stakeOf(nodes[2]), STAKE, "honest third");
        equal(stakeOf(nodes[0]), 3 * (STAKE / 4), "sybil");
        equal(stakeOf(nodes[1]), 3 * (STAKE / 4), "sybil");
        equal(forfeited(), STAKE / 2 - JURY * JURY_PAY, "vault");
        equal(vault.balanceOf(address(theCourt)), JURY * JURY_PAY, "jury's pay");
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

    function test_TheOneWhoStandsFirstAppealsAgainstTheOthers() public {
        Dispute memory dispute = disputeOf(1);
        dispute.attestations = attest(dispute.order, nodes, 1, 4e6);
        require(theCourt.caseOf(dispute.orderId).status == CaseStatus.None, "status before");
        vm.warp(DEADLINE + 1);
        appealAs(nodes[0], dispute);
        require(theCourt.caseOf(dispute.orderId).status == CaseStatus.Open, "status");
    }

    function test_AppealWithoutVerdictPunishesNobody() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        accuse(dispute);
        openCase(dispute);
        bytes memory undecided = abi.encodeWithSelector(ICourt.CaseUndecided.selector, dispute.orderId);
        vm.warp(APPEAL_UNTIL + 1);
        expectError(undecided);
        punish(dispute);
        vm.warp(CLOSES_AT);
        expectError(undecided);
        punish(dispute);
        vm.warp(CLOSES_AT + 1);
        require(theCourt.caseOf(dispute.orderId).status == CaseStatus.Closed, "status");
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
        require(theCourt.caseOf(dispute.orderId).status == CaseStatus.Open, "status");
    }

    function test_WhoIsAccusedAppealsWithItsOwnAttestationAlone() public {
        Dispute memory dispute = disputeOf(1);
        Attestation[] memory all = dispute.attestations;
        vm.warp(DEADLINE + 1);
        Attestation[] memory own = new Attestation[](1);
        own[0] = all[2];
        dispute.attestations = own;
        expectError(abi.encodeWithSelector(ICourt.NothingToAppeal.selector, dispute.orderId));
        appealAs(nodes[2], dispute);
        dispute.attestations = all;
        accuse(dispute);
        own[0] = all[0];
        dispute.attestations = own;
        expectError(abi.encodeWithSelector(ICourt.NothingToAppeal.selector, dispute.orderId));
        appealAs(nodes[0], dispute);
        own[0] = all[2];
        appealAs(nodes[2], dispute);
        require(theCourt.caseOf(dispute.orderId).status == CaseStatus.Open, "status");
    }

    function test_AppealFreezesAllThatAreShownAndAnyoneAddsWhoWasLeftOut() public {
        Dispute memory dispute = disputeOf(1);
        Attestation[] memory all = dispute.attestations;
        dispute.attestations = new Attestation[](2);
        (dispute.attestations[0], dispute.attestations[1]) = (all[0], all[2]);
        vm.warp(DEADLINE + 1);
        appealAs(nodes[0], dispute);
        bytes32 subject = theCourt.caseOf(dispute.orderId).subject;
        equal(staking.stakeOf(nodes[0]).frozenUntil, CLOSES_AT, "shown");
        equal(staking.stakeOf(nodes[2]).frozenUntil, CLOSES_AT, "shown");
        equal(staking.stakeOf(nodes[1]).frozenUntil, 0, "left out");
        vm.roll(block.number + 1);
        dispute.attestations = new Attestation[](1);
        dispute.attestations[0] = all[1];
        appealAs(stranger, dispute);
        equal(staking.stakeOf(nodes[1]).frozenUntil, CLOSES_AT, "added");
        require(theCourt.caseOf(dispute.orderId).subject == subject, "the draw stays");
    }

    // Juries

    function test_JuryIsDrawnFromALaterBeaconAndHoldsNoParty() public {
        Dispute memory dispute = disputeOf(1);
        // The consumer and the honest third have more nodes.
        address ofConsumer = vm.addr(0xC0FFEE);
        keyOf[ofConsumer] = 0xC0FFEE;
        register(ofConsumer, consumer);
        raiseStake(ofConsumer, STAKE);
        address second = vm.addr(0x5EC0);
        keyOf[second] = 0x5EC0;
        register(second, ownerOf[nodes[2]]);
        raiseStake(second, STAKE);
        vm.roll(block.number + 1);
        vm.warp(DEADLINE + 1);
        expectError(abi.encodeWithSelector(ICourt.CaseUnknown.selector, dispute.orderId));
        theCourt.juryOf(lease, dispute.order);
        appealAs(nodes[2], dispute);
        equal(theCourt.caseOf(dispute.orderId).stakeBlock, block.number - 1, "stake block");
        expectError(abi.encodeWithSelector(ICourt.JuryNotDrawn.selector, dispute.orderId, block.number + 8));
        theCourt.juryOf(lease, dispute.order);
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
        bytes32 subject = theCourt.caseOf(dispute.orderId).subject;
        bytes32 expected = keccak256(abi.encode(dispute.orderId, blockhash(block.number - 1)));
        require(subject == expected && blockhash(block.number - 1) != 0, "subject");
    }

    function test_VerdictBelowTwoThirdsOfTheSeatsIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH - 1, RIGHT);
        expectError(abi.encodeWithSelector(ICourt.VerdictTooWeak.selector, ENOUGH - 1, ENOUGH, JURY));
        theCourt.decide(lease, dispute.order, verdict);
        decide(dispute, jury, ENOUGH, RIGHT);
        require(theCourt.caseOf(dispute.orderId).resultHash == RIGHT, "verdict");
    }

    function test_JuryOfAnOrderIsAskedForWithItsOwnLease() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        openCase(dispute);
        Lease memory other = lease;
        other.salt = keccak256("other");
        expectError(abi.encodeWithSelector(IExchange.OrderOfOtherLease.selector, exchange.leaseIdOf(other), leaseId));
        theCourt.juryOf(other, dispute.order);
    }

    function test_VerdictWithAKeyLessThanSignersIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        verdict.keys = verdictOf(dispute.order, jury, ENOUGH - 1, RIGHT).keys;
        expectError(abi.encodeWithSelector(ICourt.KeysMalformed.selector, (ENOUGH - 1) * 128, ENOUGH * 128));
        theCourt.decide(lease, dispute.order, verdict);
    }

    function test_JurorCountedTwiceIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        // The last signer signs for the next seat as well.
        address next = jury[ENOUGH - 1];
        jury[ENOUGH - 1] = jury[ENOUGH - 2];
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        bytes32 repeated = theCourt.jurorKeyOf(jury[ENOUGH - 2]);
        expectError(abi.encodeWithSelector(ICourt.NotJurorsKey.selector, next, repeated));
        theCourt.decide(lease, dispute.order, verdict);
        // And so it does with a key more than there are signers.
        jury[ENOUGH - 1] = next;
        verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        verdict.keys = bytes.concat(verdict.keys, verdict.keys);
        expectError(abi.encodeWithSelector(ICourt.KeysMalformed.selector, 2 * ENOUGH * 128, ENOUGH * 128));
        theCourt.decide(lease, dispute.order, verdict);
    }

    function test_KeyThatIsNotInTheJuryIsRefused() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        registerJuror(nodes[0]);
        address displaced = jury[3];
        jury[3] = nodes[0];
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        bytes32 foreign = theCourt.jurorKeyOf(nodes[0]);
        expectError(abi.encodeWithSelector(ICourt.NotJurorsKey.selector, displaced, foreign));
        theCourt.decide(lease, dispute.order, verdict);
        // Nor is there a seat beyond the last.
        verdict.signers = 1 << JURY;
        expectError(abi.encodeWithSelector(ICourt.JurySeatUnknown.selector, 1 << JURY, JURY));
        theCourt.decide(lease, dispute.order, verdict);
    }

    function test_SignatureOfTheVerdictMustBeOfAllItsSigners() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        verdict.signature = verdictOf(dispute.order, jury, ENOUGH - 1, RIGHT).signature;
        bytes memory refusal = abi.encodeWithSelector(ICourt.VerdictSignatureInvalid.selector, dispute.orderId);
        expectError(refusal);
        theCourt.decide(lease, dispute.order, verdict);
        verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        verdict.resultHash = WRONG;
        expectError(refusal);
        theCourt.decide(lease, dispute.order, verdict);
    }

    function test_VerdictReplayOnAnotherCaseIsRefused() public {
        Dispute memory first = disputeOf(1);
        Dispute memory second = disputeOf(2);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(first);
        address[] memory other = openCase(second);
        theCourt.decide(lease, first.order, verdictOf(first.order, jury, ENOUGH, RIGHT));
        // What the jurors of the second case signed for the first one.
        Verdict memory replayed = verdictOf(first.order, other, ENOUGH, RIGHT);
        expectError(abi.encodeWithSelector(ICourt.VerdictSignatureInvalid.selector, second.orderId));
        theCourt.decide(lease, second.order, replayed);
    }

    function test_VerdictStandsOnceItIsThereAndComesBeforeTheCaseCloses() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        Verdict memory verdict = verdictOf(dispute.order, jury, ENOUGH, RIGHT);
        vm.warp(CLOSES_AT + 1);
        expectError(abi.encodeWithSelector(ICourt.CaseClosed.selector, dispute.orderId, CLOSES_AT, CLOSES_AT + 1));
        theCourt.decide(lease, dispute.order, verdict);
        vm.warp(CLOSES_AT);
        theCourt.decide(lease, dispute.order, verdict);
        expectError(abi.encodeWithSelector(ICourt.CaseAlreadyDecided.selector, dispute.orderId, RIGHT));
        theCourt.decide(lease, dispute.order, verdict);
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
}
