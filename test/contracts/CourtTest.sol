// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Bls} from "../../contracts/Bls.sol";
import {ICourt, Verdict} from "../../contracts/interfaces/ICourt.sol";
import {Attestation, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {JurorKeyType} from "../../contracts/types/JurorKeyType.sol";
import {VerdictType} from "../../contracts/types/VerdictType.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {ExchangeTest} from "./ExchangeTest.sol";
import {FakeDraws} from "./FakeDraws.sol";
import {FakeCourtStaking} from "./FakeCourtStaking.sol";
import {FakeVault} from "./FakeVault.sol";

/// A court over a real exchange and fakes of its neighbours, a drawn lease of three nodes, and jurors who sign.
abstract contract CourtTest is ExchangeTest {
    uint256 internal constant JURY = 31;
    /// Of 31 seats, the fewest that are more than two thirds.
    uint256 internal constant ENOUGH = 21;
    uint128 internal constant JURY_PAY = 1e6;
    uint256 internal constant STAKE = 400e6;
    uint40 internal constant APPEAL_UNTIL = DEADLINE + 2 * GRACE;
    uint40 internal constant CLOSES_AT = DEADLINE + 4 * GRACE;

    ICourt internal theCourt;
    FakeVault internal shares;
    FakeDraws internal draws;
    FakeCourtStaking internal stakes;
    /// Ascending; the last one dissents.
    address[] internal nodes;
    address[] internal jurors;
    Lease internal lease;
    bytes32 internal leaseId;

    function setUpCourt() internal {
        setUpExchange();
        vm.roll(1_000);
        shares = new FakeVault();
        draws = new FakeDraws();
        stakes = new FakeCourtStaking(exchange, shares);
        theCourt = deployCourt(JURY);
        stakes.setCourt(address(theCourt));
        nodes = newCommittee(3, 0);
        (lease, leaseId) = openLease(nodes);
        draws.setDrawn(leaseId, true);
        for (uint256 i = 0; i < 3; ++i) stakes.setStake(nodes[i], 3 * (STAKE / 4), STAKE / 4);
        jurors = newCommittee(JURY, 1);
        for (uint256 i = 0; i < JURY; ++i) {
            stakes.setStake(jurors[i], STAKE, 0);
            registerJuror(jurors[i]);
        }
    }

    function deployCourt(uint256 jury) internal returns (ICourt) {
        return ICourt(deployBuilt("Court", abi.encode(exchange, stakes, draws, shares, jury, JURY_PAY)));
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
        vm.roll(block.number + 10);
        draws.setRandomness(theCourt.caseOf(dispute.orderId).subject, keccak256("beacon"));
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

    function stakeOf(address node) internal view returns (uint256) {
        return stakes.stakeOf(node).staked + stakes.stakeOf(node).unbonding;
    }
}
