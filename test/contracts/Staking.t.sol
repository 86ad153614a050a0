// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IStaking, StakeView} from "../../contracts/interfaces/IStaking.sol";
import {StakingFace} from "./DeployedExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract StakingTest is ExchangeTest {
    uint256 private constant KEY = 0xB0B;
    bytes32 private constant REASON = keccak256("reason");
    address private node = vm.addr(KEY);
    address private owner = address(0x0A);

    function setUp() public {
        setUpExchange();
        keyOf[node] = KEY;
        register(node, owner);
    }

    function test_OnlyTheOwnerStakesAndUnbonds() public {
        expectError(abi.encodeWithSelector(IStaking.StakeNodeUnknown.selector, stranger));
        staking.addStake(stranger, 1);
        bytes memory notOwner = abi.encodeWithSelector(IStaking.NotStakeOwner.selector, node, owner, stranger);
        expectError(notOwner);
        vm.prank(stranger);
        staking.addStake(node, 1);
        expectError(notOwner);
        vm.prank(stranger);
        staking.depositStake(node, 1);
        expectError(notOwner);
        vm.prank(stranger);
        staking.startUnbonding(node, 1);
    }

    function test_SharesAreStakedAsTheyAre() public {
        token.mint(owner, 9e6);
        vm.prank(owner);
        token.approve(address(vault), 9e6);
        vm.prank(owner);
        vault.deposit(9e6, owner);
        expectError(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(staking), 0, 9e12)
        );
        vm.prank(owner);
        staking.addStake(node, 9e12);
        vm.prank(owner);
        vault.approve(address(staking), 9e12);
        vm.prank(owner);
        staking.addStake(node, 9e12);
        equal(staking.stakeOf(node).staked, 9e12, "staked");
        equal(vault.balanceOf(owner), 0, "shares");
        expectError(abi.encodeWithSelector(IStaking.SharesZero.selector));
        vm.prank(owner);
        staking.addStake(node, 0);
    }

    function test_TokensAreStakedThroughTheVault() public {
        equal(stakeOn(node, 9e6), 9e12, "shares");
        equal(vault.balanceOf(address(staking)), 9e12, "held");
        equal(token.balanceOf(address(vault)), 9e6, "tokens");
    }

    function test_TokensThatGiveNoShareAreNotStaked() public {
        expectError(abi.encodeWithSelector(IStaking.SharesZero.selector));
        vm.prank(owner);
        staking.depositStake(node, 0);
    }

    function test_ATicketCostsAtLeastAShare() public {
        expectError(abi.encodeWithSelector(IStaking.SharesZero.selector));
        this.deployStaking(0);
        this.deployStaking(1);
        stakeOn(node, 1);
        equal(staking.stakeOf(node).tickets, 64, "tickets");
    }

    function deployStaking(uint256 ticket) external {
        staking = StakingFace(deployBuilt("Staking", abi.encode(vault, exchange, court, ticket)));
    }

    function test_StakeEarnsWhileItServes() public {
        stakeOn(node, 9e6);
        token.mint(address(vault), 1e6);
        vault.harvest();
        vm.warp(START + 7 days);
        vm.prank(owner);
        staking.startUnbonding(node, 9e12);
        vm.warp(START + 7 days + staking.UNBONDING());
        staking.finishUnbonding(node);
        vm.prank(owner);
        uint256 assets = vault.redeem(9e12, owner, owner);
        require(assets > 10e6 - 2 && assets <= 10e6, "the profit is not the staker's");
    }

    function test_UnbondingTakesItsTimeAndEndsWithTheOwner() public {
        stakeOn(node, 9);
        expectError(abi.encodeWithSelector(IStaking.StakeUnderfunded.selector, node, 9e6, 10e6));
        vm.prank(owner);
        staking.startUnbonding(node, 10e6);
        expectError(abi.encodeWithSelector(IStaking.SharesZero.selector));
        vm.prank(owner);
        staking.startUnbonding(node, 0);
        expectError(abi.encodeWithSelector(IStaking.NothingUnbonding.selector, node));
        staking.finishUnbonding(node);

        vm.prank(owner);
        staking.startUnbonding(node, 4e6);
        uint40 until = START + 5 * GRACE;
        vm.warp(until - 1);
        expectError(abi.encodeWithSelector(IStaking.StakeLocked.selector, node, until, until - 1));
        staking.finishUnbonding(node);

        vm.warp(until);
        vm.prank(stranger);
        staking.finishUnbonding(node);
        equal(vault.balanceOf(owner), 4e6, "shares");
        StakeView memory stake = staking.stakeOf(node);
        equal(stake.staked, 5e6, "staked");
        equal(stake.unbonding, 0, "unbonding");
        equal(stake.unbondsAt, 0, "unbondsAt");
    }

    function test_UnbondingOnceMoreBeginsTheDelayAnew() public {
        stakeOn(node, 9);
        vm.prank(owner);
        staking.startUnbonding(node, 4e6);
        vm.warp(START + 100);
        vm.prank(owner);
        staking.startUnbonding(node, 5e6);
        equal(staking.stakeOf(node).unbonding, 9e6, "unbonding");
        equal(staking.stakeOf(node).unbondsAt, START + 100 + staking.UNBONDING(), "unbondsAt");
    }

    function test_OnlyTheExchangeAndTheCourtFreezeAndOnlyTheCourtSlashes() public {
        expectError(abi.encodeWithSelector(IStaking.NotPeer.selector, stranger));
        vm.prank(stranger);
        staking.freeze(node, REASON, START + 1);
        address[] memory committee = new address[](1);
        committee[0] = node;
        expectError(abi.encodeWithSelector(IStaking.NotPeer.selector, court));
        vm.prank(court);
        staking.weighAndFreeze(committee, 0, 1, REASON, START + 1);
        address[2] memory others = [stranger, address(exchange)];
        for (uint256 i = 0; i < 2; ++i) {
            expectError(abi.encodeWithSelector(IStaking.NotPeer.selector, others[i]));
            vm.prank(others[i]);
            staking.slash(node, 1, REASON);
        }
        vm.prank(address(exchange));
        staking.weighAndFreeze(committee, 0, 1, REASON, START + 1);
        equal(staking.stakeOf(node).frozenUntil, START + 1, "frozenUntil");
        vm.prank(court);
        staking.freeze(node, REASON, START + 2);
        equal(staking.stakeOf(node).frozenUntil, START + 2, "frozenUntil");
    }

    function test_AFreezeIsNeverShortened() public {
        vm.prank(court);
        staking.freeze(node, REASON, START + 2);
        vm.prank(court);
        staking.freeze(node, REASON, START + 1);
        equal(staking.stakeOf(node).frozenUntil, START + 2, "frozenUntil");
    }

    function testFuzz_SlashingTakesFirstWhatIsStakedThenWhatUnbonds(uint64 amount, uint64 part, uint96 asked) public {
        uint256 staked = stakeOn(node, bound(amount, 2, 1e12));
        uint256 unbonding = bound(part, 1, staked - 1);
        vm.prank(owner);
        staking.startUnbonding(node, unbonding);
        vm.prank(court);
        uint256 taken = staking.slash(node, asked, REASON);
        equal(taken, asked < staked ? asked : staked, "taken");
        equal(vault.balanceOf(court), taken, "shares");
        StakeView memory stake = staking.stakeOf(node);
        equal(uint256(stake.staked) + stake.unbonding, staked - taken, "left");
        if (taken < staked - unbonding) equal(stake.unbonding, unbonding, "unbonding");
        else equal(stake.staked, 0, "staked");
        if (stake.unbonding == 0) equal(stake.unbondsAt, 0, "unbondsAt");
    }

    function test_TicketsFollowWhatIsStaked() public {
        stakeOn(node, 99e6);
        equal(staking.stakeOf(node).tickets, 0, "below one");
        stakeOn(node, 201e6);
        equal(staking.stakeOf(node).tickets, 3, "three");
        vm.roll(block.number + 1);
        address[] memory none = new address[](0);
        require(staking.draw(REASON, 1, block.number - 1, none)[0] == node, "the only one is drawn");

        vm.prank(owner);
        staking.startUnbonding(node, 1);
        equal(staking.stakeOf(node).tickets, 2, "two");
        vm.prank(court);
        staking.slash(node, 150e12, REASON);
        equal(staking.stakeOf(node).tickets, 1, "one");
        for (uint256 i = 0; i < 7; ++i) stakeOn(node, 1_000e6);
        equal(staking.stakeOf(node).tickets, 64, "no more than 64");
    }

    function test_WhatIsWeighedIsTheNamedCommitteesStake() public {
        address[] memory nodes = newCommittee(3, 0);
        for (uint256 i = 0; i < 3; ++i) stakeOn(nodes[i], 10 ** i);
        (uint256 agreeing, uint256 all) = staking.weigh(nodes, 5);
        equal(agreeing, 101e6, "agreeing");
        equal(all, 111e6, "all");
    }
}
