// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Accounts} from "./Accounts.sol";
import {IExchange, NodeView} from "./interfaces/IExchange.sol";
import {Signatures} from "./Signatures.sol";
import {NodeRegistrationType} from "./types/NodeRegistrationType.sol";

/// Decides who owns a node, and when its stake and earnings may move: only ever to that owner's account.
/// It never decides what a node earns.
abstract contract Nodes is Accounts, EIP712 {
    using SafeCast for uint256;

    /// One slot, because every clearing writes it.
    struct Node {
        address owner;
        uint96 earned;
    }

    /// One slot, because every quorum reads it.
    struct Stake {
        uint88 staked;
        uint88 unbonding;
        uint40 unbondsAt;
        uint40 frozenUntil;
    }

    uint256 private constant GRACE_MIN = 1 seconds;
    uint256 private constant GRACE_MAX = 30 days;
    uint256 private constant COLLECT_NODES_MAX = 512;

    /// Seconds after a deadline or an expiry in which what was done in time can still be settled.
    uint40 public immutable GRACE;

    /// Seconds from `startUnbonding` until the stake is the owner's again: three times the grace, so that an order's
    /// settlement and an appeal of it end before the stake behind it can leave.
    uint40 public immutable UNBONDING;

    mapping(address node => Node) internal nodes;
    mapping(address node => Stake) internal stakes;

    constructor(uint40 grace) {
        if (grace < GRACE_MIN || grace > GRACE_MAX) revert GraceOutOfRange(grace, GRACE_MIN, GRACE_MAX);
        GRACE = grace;
        UNBONDING = 3 * grace;
    }

    /// @inheritdoc IExchange
    function registerNode(address node, uint256 validUntil, bytes calldata signature) external {
        address owner = nodes[node].owner;
        if (owner != address(0)) revert NodeAlreadyRegistered(node, owner);
        if (block.timestamp > validUntil) revert SignatureExpired(validUntil, block.timestamp);
        bytes32 digest = _hashTypedDataV4(NodeRegistrationType.hash(node, msg.sender, validUntil));
        if (!Signatures.isBy(node, digest, signature)) revert NodeSignatureInvalid(node);

        nodes[node].owner = msg.sender;
        emit NodeRegistered(node, msg.sender);
    }

    /// @inheritdoc IExchange
    function addStake(address node, uint256 amount) external {
        _requireOwner(node);
        if (amount == 0) revert AmountZero();

        _debit(msg.sender, amount);
        stakes[node].staked = (stakes[node].staked + amount).toUint88();
        emit StakeAdded(node, msg.sender, amount);
    }

    /// @inheritdoc IExchange
    function startUnbonding(address node, uint256 amount) external {
        _requireOwner(node);
        if (amount == 0) revert AmountZero();
        Stake memory stake = stakes[node];
        if (stake.staked < amount) revert StakeUnderfunded(node, stake.staked, amount);

        stake.staked -= uint88(amount);
        stake.unbonding = (stake.unbonding + amount).toUint88();
        stake.unbondsAt = uint40(block.timestamp) + UNBONDING;
        stakes[node] = stake;
        emit UnbondingStarted(node, msg.sender, amount, stake.unbondsAt);
    }

    /// @inheritdoc IExchange
    function finishUnbonding(address node) external {
        Stake memory stake = stakes[node];
        uint256 amount = stake.unbonding;
        if (amount == 0) revert NothingUnbonding(node);
        uint256 until = stake.frozenUntil > stake.unbondsAt ? stake.frozenUntil : stake.unbondsAt;
        if (block.timestamp < until) revert StakeLocked(node, until, block.timestamp);

        stake.unbonding = 0;
        stake.unbondsAt = 0;
        stakes[node] = stake;
        address owner = nodes[node].owner;
        _credit(owner, amount);
        emit UnbondingFinished(node, owner, amount);
    }

    /// @inheritdoc IExchange
    function collectEarnings(address[] calldata collected) external {
        if (collected.length > COLLECT_NODES_MAX) revert TooManyNodes(collected.length, COLLECT_NODES_MAX);
        for (uint256 i = 0; i < collected.length; ++i) {
            Node storage node = nodes[collected[i]];
            (address owner, uint256 amount) = (node.owner, node.earned);
            if (amount == 0) continue;

            node.earned = 0;
            _credit(owner, amount);
            emit EarningsCollected(collected[i], owner, amount);
        }
    }

    /// @inheritdoc IExchange
    function nodeOf(address node) external view returns (NodeView memory) {
        Node memory facts = nodes[node];
        Stake memory stake = stakes[node];
        return
            NodeView({
                owner: facts.owner,
                earned: facts.earned,
                staked: stake.staked,
                unbonding: stake.unbonding,
                unbondsAt: stake.unbondsAt,
                frozenUntil: stake.frozenUntil
            });
    }

    /// Cannot overflow: the caller takes as much from a lease, or reverts, and all that the exchange holds fits 96 bits.
    function _earn(address node, uint256 amount) internal {
        unchecked {
            nodes[node].earned += uint96(amount);
        }
    }

    /// Never shortens a freeze.
    function _freeze(address node, bytes32 orderId, uint256 until) internal {
        Stake storage stake = stakes[node];
        if (until <= stake.frozenUntil) return;
        stake.frozenUntil = uint40(until);
        emit StakeFrozen(node, orderId, uint40(until));
    }

    function _requireOwner(address node) private view {
        address owner = nodes[node].owner;
        if (owner == address(0)) revert NodeUnknown(node);
        if (owner != msg.sender) revert NotNodeOwner(node, owner, msg.sender);
    }
}
