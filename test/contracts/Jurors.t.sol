// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt} from "../../contracts/interfaces/ICourt.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {CourtTest} from "./CourtTest.sol";

/// Keys of jurors, and what they are paid.
contract JurorsTest is CourtTest {
    uint256 private constant G1_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    function setUp() public {
        setUpCourt();
    }

    function test_NodeOrItsOwnerRegistersAndNobodyElse() public {
        address node = nodes[0];
        bytes memory key = BlsSigner.keyOf(secretOf(node));
        bytes memory proof = proofOf(node, key, secretOf(node));
        expectError(abi.encodeWithSelector(ICourt.NotNodeNorOwner.selector, node, ownerOf[node], stranger));
        vm.prank(stranger);
        theCourt.registerJuror(node, key, proof);
        expectError(abi.encodeWithSelector(ICourt.NotNodeNorOwner.selector, stranger, address(0), stranger));
        vm.prank(stranger);
        theCourt.registerJuror(stranger, key, proof);
        vm.prank(ownerOf[node]);
        theCourt.registerJuror(node, key, proof);
        require(theCourt.jurorKeyOf(node) == keccak256(key), "key");
    }

    function test_RogueBlsKeyIsRefused() public {
        // The attacker's key minus an honest one: with it the attacker alone would sign for both.
        address node = nodes[0];
        uint256 secret = secretOf(node);
        bytes memory honest = BlsSigner.keyOf(secretOf(jurors[0]));
        bytes memory rogue = BlsSigner.addKeys(BlsSigner.keyOf(secret), BlsSigner.multiply(honest, G1_ORDER - 1));
        bytes memory proof = proofOf(node, rogue, secret);
        expectError(abi.encodeWithSelector(ICourt.JurorKeyInvalid.selector, node));
        vm.prank(node);
        theCourt.registerJuror(node, rogue, proof);
    }

    function test_MalformedKeysAreRefused() public {
        address node = nodes[0];
        string[6] memory faults = ["infinity", "offCurve", "outsideSubgroup", "abovePrime", "short", "long"];
        string memory vectors = vm.readFile("protocol/vectors/bls.json");
        bytes memory nothing = vm.parseJsonBytes(vectors, ".malformedSignatures.infinity");
        for (uint256 i = 0; i < faults.length; ++i) {
            bytes memory key = vm.parseJsonBytes(vectors, string.concat(".malformedKeys.", faults[i]));
            expectError(abi.encodeWithSelector(ICourt.JurorKeyInvalid.selector, node));
            vm.prank(node);
            theCourt.registerJuror{gas: 1_000_000}(node, key, nothing);
        }
    }

    function test_NobodyRegistersTheKeyOfAnotherNode() public {
        (address victim, address thief) = (jurors[0], nodes[0]);
        bytes memory key = BlsSigner.keyOf(secretOf(victim));
        bytes memory proof = proofOf(victim, key, secretOf(victim));
        expectError(abi.encodeWithSelector(ICourt.JurorKeyTaken.selector, keccak256(key), victim));
        vm.prank(thief);
        theCourt.registerJuror(thief, key, proof);
        // Nor before the victim does: the proof, seen on its way, names the victim.
        victim = nodes[1];
        key = BlsSigner.keyOf(secretOf(victim));
        proof = proofOf(victim, key, secretOf(victim));
        expectError(abi.encodeWithSelector(ICourt.JurorKeyInvalid.selector, thief));
        vm.prank(thief);
        theCourt.registerJuror(thief, key, proof);
    }

    function test_NodeChangesItsKeyAndTheOldOneStaysItsOwn() public {
        (address node, address other) = (nodes[0], nodes[1]);
        bytes memory oldKey = BlsSigner.keyOf(1);
        bytes memory newKey = BlsSigner.keyOf(2);
        registerAs(node, oldKey, 1);
        registerAs(node, newKey, 2);
        require(theCourt.jurorKeyOf(node) == keccak256(newKey), "new key");
        bytes memory proof = proofOf(other, oldKey, 1);
        expectError(abi.encodeWithSelector(ICourt.JurorKeyTaken.selector, keccak256(oldKey), node));
        vm.prank(other);
        theCourt.registerJuror(other, oldKey, proof);
        registerAs(node, oldKey, 1);
    }

    function test_JurorsWhoSignedArePaidOnceAndToTheirOwners() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, ENOUGH, RIGHT);
        expectError(
            abi.encodeWithSelector(ICourt.PayNotDue.selector, dispute.orderId, CLOSES_AT, uint256(DEADLINE + 1))
        );
        theCourt.payJurors(dispute.orderId, jury, type(uint256).max);
        punish(dispute);
        equal(forfeited(), STAKE / 4 - ENOUGH * JURY_PAY, "vault");

        vm.prank(stranger);
        theCourt.payJurors(dispute.orderId, jury, 1);
        equal(vault.balanceOf(ownerOf[jury[0]]), JURY_PAY, "first");
        equal(vault.balanceOf(ownerOf[jury[1]]), 0, "second");
        theCourt.payJurors(dispute.orderId, jury, type(uint256).max);
        for (uint256 i = 0; i < JURY; ++i) {
            equal(vault.balanceOf(ownerOf[jury[i]]), i < ENOUGH ? JURY_PAY : 0, "pay");
        }
        equal(vault.balanceOf(address(theCourt)), 0, "court");
        expectError(abi.encodeWithSelector(ICourt.NothingToPay.selector, dispute.orderId));
        theCourt.payJurors(dispute.orderId, jury, type(uint256).max);
    }

    function test_PayIsTheSameWhateverTheVerdict() public {
        Dispute memory first = disputeOf(1);
        Dispute memory second = disputeOf(2);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(first);
        address[] memory other = openCase(second);
        decide(first, jury, ENOUGH, RIGHT);
        decide(second, other, ENOUGH, second.attestations[2].resultHash);
        punish(first);
        punish(second);
        equal(theCourt.caseOf(first.orderId).pot, ENOUGH * JURY_PAY, "one loser");
        equal(theCourt.caseOf(second.orderId).pot, ENOUGH * JURY_PAY, "two losers");
    }

    function test_PoorLosersPayAnEqualPartWhenTheCaseCloses() public {
        Dispute memory dispute = disputeOf(1);
        uint256 poor = 4 * (ENOUGH * 7 + 5);
        lowerStake(nodes[2], poor);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, ENOUGH, RIGHT);
        punish(dispute);
        equal(theCourt.caseOf(dispute.orderId).pot, ENOUGH * 7, "pot");
        equal(forfeited(), 5, "what does not split");
        vm.warp(CLOSES_AT);
        expectError(abi.encodeWithSelector(ICourt.PayNotDue.selector, dispute.orderId, CLOSES_AT, CLOSES_AT));
        theCourt.payJurors(dispute.orderId, jury, 1);
        vm.warp(CLOSES_AT + 1);
        theCourt.payJurors(dispute.orderId, jury, type(uint256).max);
        equal(vault.balanceOf(ownerOf[jury[0]]), 7, "part");
        equal(vault.balanceOf(address(theCourt)), 0, "court");
    }

    function test_PayThatSplitsLeavesTheVaultNothing() public {
        Dispute memory dispute = disputeOf(1);
        lowerStake(nodes[2], 4 * ENOUGH * 7);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, ENOUGH, RIGHT);
        punish(dispute);
        equal(theCourt.caseOf(dispute.orderId).pot, ENOUGH * 7, "pot");
        equal(forfeited(), 0, "vault");
    }

    function test_JuryOfACaseInWhichNobodyLostIsPaidNothing() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        decide(dispute, jury, ENOUGH, RIGHT);
        vm.warp(CLOSES_AT + 1);
        expectError(abi.encodeWithSelector(ICourt.NothingToPay.selector, dispute.orderId));
        theCourt.payJurors(dispute.orderId, jury, type(uint256).max);
    }

    function test_NobodyIsPaidAsAnotherJury() public {
        Dispute memory dispute = disputeOf(1);
        vm.warp(DEADLINE + 1);
        address[] memory jury = openCase(dispute);
        bytes memory refusal = abi.encodeWithSelector(ICourt.JuryUnknown.selector, dispute.orderId);
        expectError(refusal);
        theCourt.payJurors(dispute.orderId, jury, 1);
        decide(dispute, jury, ENOUGH, RIGHT);
        punish(dispute);
        jury[0] = nodes[0];
        expectError(refusal);
        theCourt.payJurors(dispute.orderId, jury, 1);
    }

    function registerAs(address node, bytes memory key, uint256 secret) private {
        bytes memory proof = proofOf(node, key, secret);
        vm.prank(node);
        theCourt.registerJuror(node, key, proof);
    }
}
