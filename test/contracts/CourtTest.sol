// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Bls} from "../../contracts/Bls.sol";
import {ICourt, Verdict} from "../../contracts/interfaces/ICourt.sol";
import {Attestation, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {JurorKeyType} from "../../contracts/types/JurorKeyType.sol";
import {VerdictType} from "../../contracts/types/VerdictType.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {DrawTest} from "./DrawTest.sol";

/// A court over the contracts that it is deployed with, a drawn lease of three nodes, and jurors who sign.
abstract contract CourtTest is DrawTest {
    uint256 internal constant JURY = 31;
    /// Of 31 seats, the fewest that are more than two thirds.
    uint256 internal constant ENOUGH = 21;
    uint128 internal constant JURY_PAY = 1e12;
    uint256 internal constant STAKE = 400e12;
    /// Of a token's base unit.
    uint256 internal constant SHARES = 1e6;
    uint40 internal constant APPEAL_UNTIL = DEADLINE + 2 * GRACE;
    uint40 internal constant CLOSES_AT = DEADLINE + 4 * GRACE;

    ICourt internal theCourt;
    /// Of the lease's three nodes the last one dissents.
    Lease internal lease;
    bytes32 internal leaseId;
    address[] internal jurors;
    /// Shares of the vault that anyone was given.
    uint256 internal issued;

    function setUpCourt() internal {
        vm.roll(BLOCK - 2 * DELAY);
        // After the token, the exchange, the vault, the stakes and the draws.
        court = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 5);
        setUpExchange();
        draws = deployDraws(DELAY, PRICE);
        theCourt = deployCourt(JURY);
        require(address(theCourt) == court, "place of the court");
        nodes = newCommittee(3, 0);
        for (uint256 i = 0; i < 3; ++i) raiseStake(nodes[i], STAKE);
        drawLeases();
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(ownerOf[nodes[i]]);
            staking.startUnbonding(nodes[i], STAKE / 4);
        }
        jurors = newCommittee(JURY, 1);
        for (uint256 i = 0; i < JURY; ++i) {
            raiseStake(jurors[i], STAKE);
            registerJuror(jurors[i]);
        }
        vm.roll(BLOCK);
    }

    /// Committees of the three nodes, which alone have stake: one with its lease, and one that nobody has proved yet.
    function drawLeases() private {
        lease = leaseOf(nodes);
        token.mint(consumer, 2 * PRICE);
        vm.prank(consumer);
        token.approve(address(draws), 2 * PRICE);
        vm.roll(block.number + 1);
        for (uint256 salt = 0; salt < 2; ++salt) {
            bytes32 subject = draws.committeeSubject(consumer, lease.sessionKey, bytes32(salt), 3);
            vm.prank(consumer);
            draws.request(subject);
        }
        recordBeacon(block.number + DELAY);
        (, leaseId) = openLease(nodes);
        draws.proveCommittee(lease);
    }

    function recordBeacon(uint256 beaconBlock) private {
        vm.roll(beaconBlock + 1);
        draws.record(makeBlock(beaconBlock, MIX));
    }

    function deployCourt(uint256 jury) internal returns (ICourt) {
        return ICourt(deployBuilt("Court", abi.encode(exchange, staking, draws, vault, jury, JURY_PAY)));
    }

    // Jurors

    function secretOf(address node) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("juror", node))) >> 2;
    }

    function registerJuror(address node) internal {
        bytes memory key = BlsSigner.keyOf(secretOf(node));
        bytes memory proof = proofOf(node, key, secretOf(node));
        vm.prank(node);
        theCourt.registerJuror(node, key, proof);
    }

    function proofOf(address node, bytes memory key, uint256 secret) internal view returns (bytes memory) {
        return BlsSigner.sign(secret, Bls.PROOF_DST, ofCourt(JurorKeyType.hash(node, keccak256(key))));
    }

    function ofCourt(bytes32 structHash) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        bytes32 domain = keccak256(
            abi.encode(typeHash, keccak256("mimik court"), keccak256("1"), block.chainid, address(theCourt))
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    /// What the first `count` of the jury sign together.
    function verdictOf(
        JobOrder memory order,
        address[] memory jury,
        uint256 count,
        bytes32 resultHash
    ) internal view returns (Verdict memory verdict) {
        bytes32 digest = ofCourt(VerdictType.hash(exchange.orderIdOf(order), resultHash));
        verdict.resultHash = resultHash;
        verdict.signers = (1 << count) - 1;
        for (uint256 i = 0; i < count; ++i) {
            uint256 secret = secretOf(jury[i]);
            bytes memory signature = BlsSigner.sign(secret, Bls.SIGNATURE_DST, digest);
            verdict.keys = bytes.concat(verdict.keys, BlsSigner.keyOf(secret));
            verdict.signature = i == 0 ? signature : BlsSigner.add(verdict.signature, signature);
        }
    }

    // Disputes

    struct Dispute {
        JobOrder order;
        bytes32 orderId;
        bytes signature;
        Attestation[] attestations;
    }

    /// An order on which the first two nodes agree and the last one does not.
    function disputeOf(uint32 nonce) internal view returns (Dispute memory dispute) {
        dispute.order = orderOf(leaseId, nonce);
        dispute.orderId = exchange.orderIdOf(dispute.order);
        dispute.signature = signOrder(dispute.order);
        dispute.attestations = attest(dispute.order, nodes, 2, 4e6);
    }

    function accuse(Dispute memory dispute) internal {
        vm.prank(stranger);
        theCourt.accuse(lease, dispute.order, dispute.signature, dispute.attestations);
    }

    function appealAs(address caller, Dispute memory dispute) internal {
        vm.prank(caller);
        theCourt.appeal(lease, dispute.order, dispute.signature, dispute.attestations);
    }

    /// Appeals for the dissenter and records the beacon.
    function openCase(Dispute memory dispute) internal returns (address[] memory jury) {
        appealAs(ownerOf[nodes[2]], dispute);
        return drawJury(dispute);
    }

    function drawJury(Dispute memory dispute) internal returns (address[] memory jury) {
        (, uint256 beaconBlock, ) = draws.drawOf(theCourt.caseOf(dispute.orderId).subject);
        recordBeacon(beaconBlock);
        return theCourt.juryOf(lease, dispute.order);
    }

    function decide(Dispute memory dispute, address[] memory jury, uint256 count, bytes32 resultHash) internal {
        Verdict memory verdict = verdictOf(dispute.order, jury, count, resultHash);
        vm.prank(stranger);
        theCourt.decide(lease, dispute.order, verdict);
    }

    function punish(Dispute memory dispute) internal {
        vm.prank(stranger);
        theCourt.punish(lease, dispute.order, dispute.signature, dispute.attestations);
    }

    // Stakes

    function stakeOf(address node) internal view returns (uint256) {
        return staking.stakeOf(node).staked + staking.stakeOf(node).unbonding;
    }

    /// The owner stakes so many `shares` more.
    function raiseStake(address node, uint256 shares) internal {
        address owner = ownerOf[node];
        uint256 amount = (shares + SHARES - 1) / SHARES;
        token.mint(owner, amount);
        vm.prank(owner);
        token.approve(address(vault), amount);
        vm.prank(owner);
        issued += vault.deposit(amount, owner);
        vm.prank(owner);
        vault.approve(address(staking), shares);
        vm.prank(owner);
        staking.addStake(node, shares);
    }

    /// Leaves the node `shares`, as if it had lost the others earlier and they had gone elsewhere.
    function lowerStake(address node, uint256 shares) internal {
        uint256 lost = stakeOf(node) - shares;
        vm.prank(court);
        staking.slash(node, lost, 0);
        vm.prank(court);
        vault.transfer(address(0xE15E), lost);
    }

    /// Shares that were burned for the others' good.
    function forfeited() internal view returns (uint256) {
        return issued - vault.totalSupply();
    }
}
