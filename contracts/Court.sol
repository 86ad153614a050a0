// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Evidence} from "./Evidence.sol";
import {CaseStatus, CaseView, ICourt, Verdict} from "./interfaces/ICourt.sol";
import {IDraws} from "./interfaces/IDraws.sol";
import {Attestation, IExchange, JobOrder, Lease} from "./interfaces/IExchange.sol";
import {IExchangeFacts} from "./interfaces/IExchangeFacts.sol";
import {IStaking, StakeView} from "./interfaces/IStaking.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Jurors} from "./Jurors.sol";
import {Quorum} from "./Quorum.sol";
import {JobOrderType} from "./types/JobOrderType.sol";
import {LeaseType} from "./types/LeaseType.sol";

/// Decides who loses stake, by what nodes signed and what a jury says of it. It never looks at a job or a result, and it
/// never decides who is paid for an order.
contract Court is Jurors {
    using SafeERC20 for IERC20;

    struct Case {
        /// 0 when there is no case.
        uint40 closesAt;
        uint48 stakeBlock;
        uint128 pot;
        bytes32 subject;
        bytes32 resultHash;
        /// Hash of the jury's addresses, each padded to 32 bytes; 0 until decided.
        bytes32 juryHash;
        uint256 signers;
        uint256 paid;
    }

    uint256 private constant JURY_MIN = 31;
    /// Every seat has its bit.
    uint256 private constant JURY_MAX = 255;
    uint256 private constant ACCUSE_GRACES = 1;
    uint256 private constant APPEAL_GRACES = 2;
    uint256 private constant CASE_GRACES = 4;
    /// A part of the stake: a liar loses a quarter of it.
    uint256 private constant PUNISHED_PART = 4;

    bytes32 private constant DOMAIN_TYPE_HASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    IStaking public immutable STAKING;
    IDraws public immutable DRAWS;
    IVault public immutable VAULT;
    /// Seats of a jury.
    uint256 public immutable JURY;
    /// What each juror gets who signed the verdict, vault shares.
    uint256 public immutable JURY_PAY;
    /// The exchange's, which never changes.
    uint256 private immutable GRACE;

    mapping(bytes32 orderId => Case) private cases;
    mapping(bytes32 orderId => mapping(address node => bool)) private accused;
    mapping(bytes32 orderId => mapping(address node => bool)) private punished;
    mapping(bytes32 orderId => mapping(address node => bool)) private equivocated;

    constructor(
        IExchangeFacts exchange,
        IStaking staking,
        IDraws draws,
        IVault vault,
        uint256 jury,
        uint128 juryPay
    ) Jurors(exchange) EIP712("mimik court", "1") {
        if (jury < JURY_MIN || jury > JURY_MAX) revert JurySizeOutOfRange(jury, JURY_MIN, JURY_MAX);
        (STAKING, DRAWS, VAULT) = (staking, draws, vault);
        (JURY, JURY_PAY, GRACE) = (jury, juryPay, exchange.GRACE());
    }

    // Accusation

    /// @inheritdoc ICourt
    function accuse(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external {
        bytes32 leaseId = LeaseType.hash(lease);
        (bytes32 orderId, uint256 seats) = _requireSigned(lease, order, orderSignature, attestations, ACCUSE_GRACES);
        bytes32 right = _quorumOf(orderId, lease.nodes, order.quorumBps, seats, attestations);
        bool drawn = DRAWS.isDrawn(leaseId);
        uint40 until = uint40(_after(order.deadline, CASE_GRACES));
        for (uint256 i = 0; i < attestations.length; ++i) {
            if (attestations[i].resultHash == right) continue;
            address node = attestations[i].node;
            STAKING.freeze(node, orderId, until);
            if (!drawn || accused[orderId][node]) continue;
            accused[orderId][node] = true;
            emit NodeAccused(node, orderId, leaseId);
        }
    }

    // Appeal and verdict

    /// @inheritdoc ICourt
    function appeal(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external {
        (bytes32 orderId, bytes32 leaseId) = _requireEvidence(lease, order, orderSignature, attestations);
        uint256 until = _after(order.deadline, APPEAL_GRACES);
        if (block.timestamp > until) revert AppealOver(orderId, until, block.timestamp);
        uint40 closesAt = uint40(_after(order.deadline, CASE_GRACES));
        Case storage case_ = cases[orderId];
        if (case_.closesAt == 0) {
            _requireDispute(orderId, attestations);
            bytes32 subject = keccak256(abi.encode(orderId, blockhash(block.number - 1)));
            (case_.closesAt, case_.stakeBlock, case_.subject) = (closesAt, uint48(block.number - 1), subject);
            emit CaseOpened(orderId, leaseId, subject, closesAt);
            DRAWS.request(subject);
        }
        for (uint256 i = 0; i < attestations.length; ++i) STAKING.freeze(attestations[i].node, orderId, closesAt);
    }

    /// @inheritdoc ICourt
    function decide(Lease calldata lease, JobOrder calldata order, Verdict calldata verdict) external {
        (bytes32 orderId, address[] memory jury) = _drawJury(lease, order);
        Case storage case_ = cases[orderId];
        if (case_.juryHash != 0) revert CaseAlreadyDecided(orderId, case_.resultHash);
        if (block.timestamp > case_.closesAt) revert CaseClosed(orderId, case_.closesAt, block.timestamp);
        _requireVerdict(orderId, jury, verdict);

        (case_.resultHash, case_.signers) = (verdict.resultHash, verdict.signers);
        case_.juryHash = LeaseType.hashNodes(jury);
        emit CaseDecided(orderId, verdict.resultHash, verdict.signers, jury);
    }

    /// @inheritdoc ICourt
    function payJurors(bytes32 orderId, address[] calldata jury, uint256 seats) external {
        Case storage case_ = cases[orderId];
        if (case_.juryHash == 0 || keccak256(abi.encodePacked(jury)) != case_.juryHash) revert JuryUnknown(orderId);
        uint256 signed = _count(case_.signers);
        uint256 closesAt = case_.closesAt;
        if (case_.pot < signed * JURY_PAY && block.timestamp <= closesAt) {
            revert PayNotDue(orderId, closesAt, block.timestamp);
        }
        uint256 each = case_.pot / signed;
        seats &= case_.signers & ~case_.paid;
        if (seats == 0 || each == 0) revert NothingToPay(orderId);

        case_.paid |= seats;
        for (uint256 seat = 0; seat < jury.length; ++seat) {
            if ((seats >> seat) & 1 == 0) continue;
            address owner = EXCHANGE.nodeOf(jury[seat]).owner;
            emit JurorPaid(jury[seat], orderId, owner, each);
            IERC20(address(VAULT)).safeTransfer(owner, each);
        }
    }

    /// @inheritdoc ICourt
    function juryOf(Lease calldata lease, JobOrder calldata order) external view returns (address[] memory jury) {
        (, jury) = _drawJury(lease, order);
    }

    /// @inheritdoc ICourt
    function caseOf(bytes32 orderId) external view returns (CaseView memory) {
        Case storage case_ = cases[orderId];
        return
            CaseView({
                status: _statusOf(case_),
                closesAt: case_.closesAt,
                stakeBlock: case_.stakeBlock,
                subject: case_.subject,
                resultHash: case_.resultHash,
                signers: case_.signers,
                paid: case_.paid,
                pot: case_.pot
            });
    }

    // Punishment

    /// @inheritdoc ICourt
    function punish(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external {
        (bytes32 orderId, ) = _requireEvidence(lease, order, orderSignature, attestations);
        bool appealed = cases[orderId].closesAt != 0;
        bytes32 right = appealed ? _verdictOf(orderId) : _majorityOf(orderId, lease.nodes.length, order, attestations);
        uint256 total = 0;
        for (uint256 i = 0; i < attestations.length; ++i) {
            Attestation calldata attestation = attestations[i];
            address node = attestation.node;
            if (attestation.resultHash == right || punished[orderId][node]) continue;
            // Without a jury only who was told in time to appeal.
            if (!appealed && !accused[orderId][node]) continue;
            total += _punish(orderId, node);
        }
        if (total == 0) revert NobodyToPunish(orderId);
        _giveAway(orderId, total);
    }

    /// @inheritdoc ICourt
    function proveEquivocation(bytes32 orderId, Attestation calldata first, Attestation calldata second) external {
        address node = first.node;
        if (second.node != node) revert NodesDiffer(node, second.node);
        if (equivocated[orderId][node]) revert EquivocationKnown(orderId, node);
        bytes32 domain = _exchangeDomain();
        bytes32 digest = Evidence.requireSignature(domain, orderId, first);
        // What was signed, not the signatures, of which a key can make many.
        if (Evidence.requireSignature(domain, orderId, second) == digest) revert AttestationsEqual(orderId, node);
        uint256 stake = _stakeOf(node);
        // The evidence is not used up by burning nothing.
        if (stake == 0) revert NothingAtStake(node);

        equivocated[orderId][node] = true;
        uint256 taken = STAKING.slash(node, stake, orderId);
        emit EquivocationProven(node, orderId, taken);
        VAULT.forfeit(taken);
    }

    function _punish(bytes32 orderId, address node) private returns (uint256 taken) {
        uint256 shares = Math.ceilDiv(_stakeOf(node), PUNISHED_PART);
        if (shares == 0) return 0;
        punished[orderId][node] = true;
        taken = STAKING.slash(node, shares, orderId);
        emit NodePunished(node, orderId, taken);
    }

    /// First to the jury, until its pay is whole, and the rest to the vault. The pot always splits into equal whole parts.
    function _giveAway(bytes32 orderId, uint256 shares) private {
        Case storage case_ = cases[orderId];
        uint256 signed = _count(case_.signers);
        if (signed > 0) {
            uint256 part = Math.min(shares, signed * JURY_PAY - case_.pot);
            part -= part % signed;
            case_.pot += uint128(part);
            shares -= part;
        }
        if (shares > 0) VAULT.forfeit(shares);
    }

    // Evidence

    /// The lease was drawn, and the case can still be closed; else as `_requireSigned`.
    function _requireEvidence(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata signature,
        Attestation[] calldata attestations
    ) private view returns (bytes32 orderId, bytes32 leaseId) {
        leaseId = LeaseType.hash(lease);
        if (!DRAWS.isDrawn(leaseId)) revert LeaseNotDrawn(leaseId);
        (orderId, ) = _requireSigned(lease, order, signature, attestations, CASE_GRACES);
    }

    /// The order is over, and the attestations are of its committee.
    /// @param graces After the order's deadline, how long the evidence is taken.
    /// @return orderId The order's id.
    /// @return seats Bit i says that there is an attestation of the committee's node i.
    function _requireSigned(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata signature,
        Attestation[] calldata attestations,
        uint256 graces
    ) private view returns (bytes32 orderId, uint256 seats) {
        bytes32 domain;
        (orderId, domain) = _requireOver(lease, order, signature, _after(order.deadline, graces));
        seats = Evidence.requireAttestations(domain, orderId, lease.nodes, attestations);
    }

    /// @return orderId The order's id.
    /// @return domain The exchange's, over which its committee signs too.
    function _requireOver(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata signature,
        uint256 until
    ) private view returns (bytes32 orderId, bytes32 domain) {
        bytes32 leaseId = LeaseType.hash(lease);
        uint256 expiry = EXCHANGE.leaseOf(leaseId).expiry;
        domain = _exchangeDomain();
        orderId = Evidence.requireOrder(domain, leaseId, lease.sessionKey, expiry, until, order, signature);
        if (block.timestamp <= order.deadline) revert OrderStillOpen(orderId, order.deadline, block.timestamp);
    }

    /// The caller speaks for one of the attestations, and they are not all alike or one of their nodes is accused: its
    /// accusers may never have shown it what they attested.
    function _requireDispute(bytes32 orderId, Attestation[] calldata attestations) private view {
        bool differ = false;
        bool concerned = false;
        for (uint256 i = 0; i < attestations.length; ++i) {
            address node = attestations[i].node;
            differ = differ || attestations[i].resultHash != attestations[0].resultHash;
            concerned = concerned || msg.sender == node || msg.sender == EXCHANGE.nodeOf(node).owner;
        }
        if (!differ && !_isAnyAccused(orderId, attestations)) revert NothingToAppeal(orderId);
        if (!concerned) revert NotAnAttester(orderId, msg.sender);
    }

    function _isAnyAccused(bytes32 orderId, Attestation[] calldata attestations) private view returns (bool) {
        for (uint256 i = 0; i < attestations.length; ++i) {
            if (accused[orderId][attestations[i].node]) return true;
        }
        return false;
    }

    /// What a quorum of heads and stake attested against somebody.
    function _quorumOf(
        bytes32 orderId,
        address[] calldata committee,
        uint256 quorumBps,
        uint256 seats,
        Attestation[] calldata attestations
    ) private view returns (bytes32 resultHash) {
        Quorum.Group memory group = Quorum.largest(attestations);
        if (group.size == attestations.length) revert NoDissent(orderId);
        resultHash = group.resultHash;
        uint256 agreeing = Evidence.agreeingSeats(seats, attestations, resultHash);
        (uint256 stake, uint256 all) = STAKING.weigh(committee, agreeing);
        Evidence.requireQuorum(orderId, quorumBps, group.size, committee.length, stake, all);
    }

    /// By heads alone: the quorum of stake was there when the dissenters were accused, and what has been staked or
    /// withdrawn since decides nothing.
    function _majorityOf(
        bytes32 orderId,
        uint256 committee,
        JobOrder calldata order,
        Attestation[] calldata attestations
    ) private view returns (bytes32) {
        uint256 until = _after(order.deadline, APPEAL_GRACES);
        if (block.timestamp <= until) revert AppealStillOpen(orderId, until, block.timestamp);
        Quorum.Group memory group = Quorum.largest(attestations);
        if (!Evidence.isQuorum(group.size, committee, order.quorumBps)) {
            revert NoMajority(orderId, group.size, committee, order.quorumBps);
        }
        return group.resultHash;
    }

    function _verdictOf(bytes32 orderId) private view returns (bytes32) {
        Case storage case_ = cases[orderId];
        if (case_.juryHash == 0) revert CaseUndecided(orderId);
        return case_.resultHash;
    }

    function _drawJury(
        Lease calldata lease,
        JobOrder calldata order
    ) private view returns (bytes32 orderId, address[] memory jury) {
        bytes32 leaseId = LeaseType.hash(lease);
        if (order.lease != leaseId) revert IExchange.OrderOfOtherLease(leaseId, order.lease);
        orderId = MessageHashUtils.toTypedDataHash(_exchangeDomain(), JobOrderType.hash(order));
        Case storage case_ = cases[orderId];
        if (case_.closesAt == 0) revert CaseUnknown(orderId);
        (, uint256 beaconBlock, bytes32 randomness) = DRAWS.drawOf(case_.subject);
        if (randomness == 0) revert JuryNotDrawn(orderId, beaconBlock);
        jury = STAKING.draw(randomness, JURY, case_.stakeBlock, _partiesOf(lease));
    }

    /// Accounts that have no seat in the jury: the owners of the committee, and the consumer, who may own nodes too.
    function _partiesOf(Lease calldata lease) private view returns (address[] memory parties) {
        uint256 size = lease.nodes.length;
        parties = new address[](size + 1);
        for (uint256 i = 0; i < size; ++i) parties[i] = EXCHANGE.nodeOf(lease.nodes[i]).owner;
        parties[size] = lease.consumer;
    }

    function _statusOf(Case storage case_) private view returns (CaseStatus) {
        if (case_.closesAt == 0) return CaseStatus.None;
        if (block.timestamp > case_.closesAt) return CaseStatus.Closed;
        return case_.juryHash == 0 ? CaseStatus.Open : CaseStatus.Decided;
    }

    /// All that can be slashed.
    function _stakeOf(address node) private view returns (uint256) {
        StakeView memory stake = STAKING.stakeOf(node);
        return stake.staked + stake.unbonding;
    }

    function _after(uint256 deadline, uint256 graces) private view returns (uint256) {
        return deadline + graces * GRACE;
    }

    /// Asked for each time: it is another one after a fork of the chain.
    function _exchangeDomain() private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address exchange, , ) = EXCHANGE.eip712Domain();
        return
            keccak256(
                abi.encode(DOMAIN_TYPE_HASH, keccak256(bytes(name)), keccak256(bytes(version)), chainId, exchange)
            );
    }

    function _count(uint256 bits) private pure returns (uint256 ones) {
        for (; bits != 0; bits &= bits - 1) ++ones;
    }
}
