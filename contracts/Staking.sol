// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IExchange} from "./interfaces/IExchange.sol";
import {IStaking, StakeView} from "./interfaces/IStaking.sol";
import {Tickets} from "./Tickets.sol";

/// Decides when a node's stake may leave, and how often the node stands in draws. It never judges anyone: it freezes for
/// the exchange and the court, and takes for the court alone.
contract Staking is IStaking, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using Tickets for Tickets.Pool;

    /// One slot, because every quorum reads it.
    struct Stake {
        uint88 staked;
        uint88 unbonding;
        uint40 unbondsAt;
        uint40 frozenUntil;
    }

    IERC20 public immutable TOKEN;
    IERC4626 public immutable VAULT;
    IExchange public immutable EXCHANGE;
    address public immutable COURT;

    /// Shares for which a node stands once in draws; but never more than 64 times.
    uint256 public immutable TICKET;

    /// Seconds from `startUnbonding` until the stake is the owner's again: five graces, because what a node attested can be
    /// settled for one, appealed for two and punished for four graces after the deadline.
    uint40 public immutable UNBONDING;

    mapping(address node => Stake) private stakes;
    Tickets.Pool private pool;

    constructor(IERC4626 vault, IExchange exchange, address court, uint256 ticket) {
        if (ticket == 0) revert SharesZero();
        (VAULT, EXCHANGE, COURT, TICKET) = (vault, exchange, court, ticket);
        TOKEN = IERC20(vault.asset());
        UNBONDING = 5 * exchange.GRACE();
    }

    /// @inheritdoc IStaking
    function addStake(address node, uint256 shares) external nonReentrant {
        address owner = _requireOwner(node);
        if (shares == 0) revert SharesZero();
        IERC20(address(VAULT)).safeTransferFrom(msg.sender, address(this), shares);
        _addStake(node, owner, shares);
    }

    /// @inheritdoc IStaking
    function depositStake(address node, uint256 amount) external nonReentrant returns (uint256 shares) {
        address owner = _requireOwner(node);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        TOKEN.forceApprove(address(VAULT), amount);
        shares = VAULT.deposit(amount, address(this));
        if (shares == 0) revert SharesZero();
        _addStake(node, owner, shares);
    }

    /// @inheritdoc IStaking
    function startUnbonding(address node, uint256 shares) external {
        address owner = _requireOwner(node);
        if (shares == 0) revert SharesZero();
        Stake memory stake = stakes[node];
        if (stake.staked < shares) revert StakeUnderfunded(node, stake.staked, shares);

        stake.staked -= uint88(shares);
        stake.unbonding = (stake.unbonding + shares).toUint88();
        stake.unbondsAt = uint40(block.timestamp) + UNBONDING;
        _store(node, owner, stake);
        emit UnbondingStarted(node, owner, shares, stake.unbondsAt);
    }

    /// @inheritdoc IStaking
    function finishUnbonding(address node) external nonReentrant {
        Stake memory stake = stakes[node];
        uint256 shares = stake.unbonding;
        if (shares == 0) revert NothingUnbonding(node);
        uint256 until = stake.frozenUntil > stake.unbondsAt ? stake.frozenUntil : stake.unbondsAt;
        if (block.timestamp < until) revert StakeLocked(node, until, block.timestamp);

        stake.unbonding = 0;
        stake.unbondsAt = 0;
        stakes[node] = stake;
        address owner = _ownerOf(node);
        emit UnbondingFinished(node, owner, shares);
        IERC20(address(VAULT)).safeTransfer(owner, shares);
    }

    /// @inheritdoc IStaking
    function freeze(address node, bytes32 orderId, uint40 until) external {
        if (msg.sender != COURT) revert NotPeer(msg.sender);
        _freeze(stakes[node], node, orderId, until);
    }

    /// @inheritdoc IStaking
    function weighAndFreeze(
        address[] calldata committee,
        uint256 agreeing,
        uint256 dissenting,
        bytes32 orderId,
        uint40 until
    ) external returns (uint256 agreeingStake, uint256 committeeStake) {
        if (msg.sender != address(EXCHANGE)) revert NotPeer(msg.sender);
        for (uint256 i = 0; i < committee.length; ++i) {
            Stake storage stake = stakes[committee[i]];
            uint256 staked = stake.staked;
            committeeStake += staked;
            if ((agreeing >> i) & 1 == 1) agreeingStake += staked;
            if ((dissenting >> i) & 1 == 1) _freeze(stake, committee[i], orderId, until);
        }
    }

    /// @inheritdoc IStaking
    function slash(address node, uint256 shares, bytes32 reason) external nonReentrant returns (uint256 taken) {
        if (msg.sender != COURT) revert NotPeer(msg.sender);
        Stake memory stake = stakes[node];
        uint256 ofStaked = Math.min(shares, stake.staked);
        uint256 ofUnbonding = Math.min(shares - ofStaked, stake.unbonding);
        taken = ofStaked + ofUnbonding;
        if (taken == 0) return 0;

        stake.staked -= uint88(ofStaked);
        stake.unbonding -= uint88(ofUnbonding);
        if (stake.unbonding == 0) stake.unbondsAt = 0;
        _store(node, _ownerOf(node), stake);
        emit StakeSlashed(node, reason, ofStaked, ofUnbonding);
        IERC20(address(VAULT)).safeTransfer(COURT, taken);
    }

    /// @inheritdoc IStaking
    function stakeOf(address node) external view returns (StakeView memory) {
        Stake memory stake = stakes[node];
        return
            StakeView({
                staked: stake.staked,
                unbonding: stake.unbonding,
                unbondsAt: stake.unbondsAt,
                frozenUntil: stake.frozenUntil,
                tickets: uint16(_ticketsFor(stake.staked))
            });
    }

    /// @inheritdoc IStaking
    function weigh(
        address[] calldata committee,
        uint256 agreeing
    ) external view returns (uint256 agreeingStake, uint256 committeeStake) {
        for (uint256 i = 0; i < committee.length; ++i) {
            uint256 staked = stakes[committee[i]].staked;
            committeeStake += staked;
            if ((agreeing >> i) & 1 == 1) agreeingStake += staked;
        }
    }

    /// @inheritdoc IStaking
    function draw(
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] calldata excludedOwners
    ) external view returns (address[] memory) {
        return pool.draw(randomness, seats, atBlock, excludedOwners);
    }

    function _freeze(Stake storage stake, address node, bytes32 orderId, uint40 until) private {
        if (until <= stake.frozenUntil) return;
        stake.frozenUntil = until;
        emit StakeFrozen(node, orderId, until);
    }

    function _addStake(address node, address owner, uint256 shares) private {
        Stake memory stake = stakes[node];
        stake.staked = (stake.staked + shares).toUint88();
        _store(node, owner, stake);
        emit StakeAdded(node, owner, shares);
    }

    function _store(address node, address owner, Stake memory stake) private {
        stakes[node] = stake;
        pool.set(node, owner, _ticketsFor(stake.staked));
    }

    function _ticketsFor(uint256 staked) private view returns (uint256) {
        return Math.min(staked / TICKET, Tickets.TICKETS_PER_NODE_MAX);
    }

    function _ownerOf(address node) private view returns (address) {
        return EXCHANGE.nodeOf(node).owner;
    }

    function _requireOwner(address node) private view returns (address owner) {
        owner = _ownerOf(node);
        if (owner == address(0)) revert StakeNodeUnknown(node);
        if (owner != msg.sender) revert NotStakeOwner(node, owner, msg.sender);
    }
}
