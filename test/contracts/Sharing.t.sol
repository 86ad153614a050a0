// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StakeView} from "../../contracts/interfaces/IStaking.sol";
import {ExchangeTest} from "./ExchangeTest.sol";
import {RandomHands} from "./RandomHands.sol";

/// Random hands on the profit share and on the stakes in it: holders come and go, owners stake and leave, the court takes,
/// profits come in, time passes.
contract SharingHandler is ExchangeTest {
    uint256 private constant NODES = 4;
    uint256 private constant HOLDERS = 3;

    /// Whoever made this; the fuzzer has no say in `exit`.
    address private immutable TEST = msg.sender;

    address[] private nodes;
    address[] private holders;
    uint256 public attempts;
    /// The worth of a share, in billionths of the token's smallest unit for each billion shares, when last looked at.
    uint256 private lastPrice;
    mapping(bytes4 action => uint256) public done;

    constructor() {
        setUpExchange();
        nodes = newCommittee(NODES, 0);
        for (uint256 i = 0; i < NODES; ++i) holders.push(ownerOf[nodes[i]]);
        for (uint256 i = 0; i < HOLDERS; ++i) holders.push(address(uint160(0x501D + i)));
        lastPrice = price();
    }

    modifier watched(bytes4 action) {
        ++attempts;
        uint256 supply = vault.totalSupply();
        _;
        ++done[action];
        // A share has a price while somebody holds one.
        if (supply > 0 && vault.totalSupply() > 0) require(price() >= lastPrice, "the price of a share fell");
        lastPrice = price();
    }

    function deposit(uint256 who, uint256 amount) external watched(this.deposit.selector) {
        address holder = holders[who % holders.length];
        amount = bound(amount, 1, 1_000e6);
        token.mint(holder, amount);
        vm.prank(holder);
        token.approve(address(vault), amount);
        vm.prank(holder);
        vault.deposit(amount, holder);
    }

    function redeem(uint256 who, uint256 shares) external watched(this.redeem.selector) {
        address holder = holders[who % holders.length];
        uint256 held = vault.balanceOf(holder);
        if (held == 0) return;
        vm.prank(holder);
        vault.redeem(bound(shares, 1, held), holder, holder);
    }

    function profit(uint256 amount, uint256 how) external watched(this.profit.selector) {
        amount = bound(amount, 1, 1_000e6);
        if (how % 2 == 0) token.mint(address(vault), amount);
        else fund(address(vault), amount);
        if (how % 4 < 2) vault.harvest();
    }

    function stake(uint256 which, uint256 amount) external watched(this.stake.selector) {
        amount = bound(amount, 1, 1_000e6);
        // Of less than a share is worth there is nothing to stake.
        if (vault.previewDeposit(amount) > 0) stakeOn(nodes[which % NODES], amount);
    }

    function stakeShares(uint256 which, uint256 shares) external watched(this.stakeShares.selector) {
        address node = nodes[which % NODES];
        uint256 held = vault.balanceOf(ownerOf[node]);
        if (held == 0) return;
        shares = bound(shares, 1, held);
        vm.prank(ownerOf[node]);
        vault.approve(address(staking), shares);
        vm.prank(ownerOf[node]);
        staking.addStake(node, shares);
    }

    function startUnbonding(uint256 which, uint256 shares) external watched(this.startUnbonding.selector) {
        address node = nodes[which % NODES];
        uint256 staked = staking.stakeOf(node).staked;
        if (staked == 0) return;
        vm.prank(ownerOf[node]);
        staking.startUnbonding(node, bound(shares, 1, staked));
    }

    function finishUnbonding(uint256 which) external watched(this.finishUnbonding.selector) {
        address node = nodes[which % NODES];
        StakeView memory now_ = staking.stakeOf(node);
        if (now_.unbonding == 0 || block.timestamp < now_.unbondsAt || block.timestamp < now_.frozenUntil) return;
        staking.finishUnbonding(node);
    }

    function punish(uint256 which, uint256 shares) external watched(this.punish.selector) {
        address node = nodes[which % NODES];
        StakeView memory now_ = staking.stakeOf(node);
        shares = bound(shares, 0, uint256(now_.staked) + now_.unbonding + 1);
        vm.prank(court);
        staking.freeze(node, RIGHT, uint40(block.timestamp + GRACE));
        vm.prank(court);
        uint256 taken = staking.slash(node, shares, RIGHT);
        vm.prank(court);
        vault.forfeit(taken);
    }

    function warp(uint256 duration) external watched(this.warp.selector) {
        // Hashed, because the fuzzer likes small numbers and time must pass.
        vm.warp(block.timestamp + bound(uint256(keccak256(abi.encode(duration))), 0, 3 days));
    }

    function requireCovered() external view {
        require(token.balanceOf(address(vault)) >= vault.totalAssets() + vault.dripping(), "the vault owes more");
        uint256 staked = 0;
        for (uint256 i = 0; i < NODES; ++i) {
            StakeView memory now_ = staking.stakeOf(nodes[i]);
            staked += uint256(now_.staked) + now_.unbonding;
        }
        require(vault.balanceOf(address(staking)) == staked, "the stakes are not what is held for them");
    }

    /// Everyone leaves, once all drips have ended: what stays is less than the shares of one unit, which are nobody's.
    function exit() external returns (uint256 left, uint256 most) {
        if (msg.sender != TEST) return (0, 0);
        vault.harvest();
        for (uint256 i = 0; i < NODES; ++i) {
            uint256 staked = staking.stakeOf(nodes[i]).staked;
            if (staked == 0) continue;
            vm.prank(ownerOf[nodes[i]]);
            staking.startUnbonding(nodes[i], staked);
        }
        vm.warp(block.timestamp + 30 days);
        for (uint256 i = 0; i < NODES; ++i) {
            if (staking.stakeOf(nodes[i]).unbonding > 0) staking.finishUnbonding(nodes[i]);
        }
        if (vault.totalSupply() == 0) return (0, 0);
        most = vault.convertToAssets(1e6) + 1;
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 held = vault.balanceOf(holders[i]);
            if (held == 0) continue;
            vm.prank(holders[i]);
            vault.redeem(held, holders[i], holders[i]);
            ++most;
        }
        return (token.balanceOf(address(vault)), most);
    }

    function actions() external pure returns (bytes4[] memory all) {
        all = new bytes4[](8);
        all[0] = this.deposit.selector;
        all[1] = this.redeem.selector;
        all[2] = this.profit.selector;
        all[3] = this.stake.selector;
        all[4] = this.stakeShares.selector;
        all[5] = this.startUnbonding.selector;
        all[6] = this.finishUnbonding.selector;
        all[7] = this.punish.selector;
    }

    function price() private view returns (uint256) {
        return vault.convertToAssets(1e30);
    }
}

/// The sharing gate: a share's price never falls, the vault holds what it owes, and everyone can leave with it.
contract SharingTest is RandomHands {
    SharingHandler private handler;

    function setUp() public {
        handler = new SharingHandler();
        hands = address(handler);
    }

    /// hardhat-config: invariant.runs = 60
    /// hardhat-config: invariant.depth = 300
    function invariant_SharePriceNeverFallsAndTheVaultHoldsWhatItOwes() public view {
        handler.requireCovered();
    }

    function afterInvariant() public {
        (uint256 left, uint256 most) = handler.exit();
        require(left <= most, "a unit is stuck");
    }

    /// The invariants say nothing about what the hands never manage to do.
    function test_TheRandomHandsManageEverything() public {
        bytes4[] memory actions = handler.actions();
        tryAtRandom(actions, handler.warp.selector, 300);
        for (uint256 i = 0; i < actions.length; ++i) require(handler.done(actions[i]) > 0, "a hand did nothing");
        handler.requireCovered();
        (uint256 left, uint256 most) = handler.exit();
        require(left <= most, "a unit is stuck");
    }

    function argumentsOf(bytes32 chance) internal pure override returns (bytes memory) {
        return abi.encode(chance, keccak256(abi.encode(chance)));
    }
}
