// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation, IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract AdjudicateTest is ExchangeTest {
    uint40 private constant LATE = DEADLINE + GRACE;
    uint40 private constant FROZEN_UNTIL = LATE + 4 * GRACE;
    address[] private nodes;
    Lease private lease;
    bytes32 private leaseId;

    function setUp() public {
        setUpExchange();
        nodes = newCommittee(3, 0);
        (lease, leaseId) = openLease(nodes);
        for (uint256 i = 0; i < 3; ++i) stakeOn(nodes[i], 100e6);
    }

    function test_DissentersStakeIsFrozenAndTheOthersArePaid() public {
        (JobOrder memory order, bytes memory signature, Attestation[] memory attestations) = dispute();
        vm.warp(LATE + 1);
        vm.prank(stranger);
        exchange.adjudicate(lease, order, signature, attestations);
        equal(earned(nodes[0]), 4e6, "agreeing");
        equal(earned(nodes[2]), 0, "dissenting");
        equal(staking.stakeOf(nodes[0]).frozenUntil, 0, "agreeing");
        equal(staking.stakeOf(nodes[2]).frozenUntil, FROZEN_UNTIL, "dissenting");
        equal(exchange.balanceOf(stranger), order.forceFee, "fee");
    }

    function test_FrozenStakeCannotLeaveUntilTheFreezeEnds() public {
        (JobOrder memory order, bytes memory signature, Attestation[] memory attestations) = dispute();
        vm.prank(ownerOf[nodes[2]]);
        staking.startUnbonding(nodes[2], 100e12);
        vm.warp(LATE + GRACE);
        exchange.adjudicate(lease, order, signature, attestations);
        equal(staking.stakeOf(nodes[2]).unbondsAt, START + 5 * GRACE, "unbondsAt");
        vm.warp(FROZEN_UNTIL - 1);
        expectError(abi.encodeWithSelector(IStaking.StakeLocked.selector, nodes[2], FROZEN_UNTIL, FROZEN_UNTIL - 1));
        staking.finishUnbonding(nodes[2]);
        vm.warp(FROZEN_UNTIL);
        staking.finishUnbonding(nodes[2]);
        equal(vault.balanceOf(ownerOf[nodes[2]]), 100e12, "shares");
    }

    function test_NobodyIsFrozenWhileTheOrderIsInTime() public {
        (JobOrder memory order, bytes memory signature, Attestation[] memory attestations) = dispute();
        bytes32 orderId = exchange.orderIdOf(order);
        vm.warp(LATE);
        expectError(abi.encodeWithSelector(IExchange.OrderInTime.selector, orderId, LATE, LATE));
        exchange.adjudicate(lease, order, signature, attestations);
    }

    function test_ConsumerWithTwoSybilsTakesNothingFromTheHonestThird() public {
        (JobOrder memory order, bytes memory signature, Attestation[] memory attestations) = dispute();
        vm.warp(LATE + 1);
        exchange.adjudicate(lease, order, signature, attestations);
        equal(staking.stakeOf(nodes[2]).staked, 100e12, "staked");
    }

    function dispute()
        private
        view
        returns (JobOrder memory order, bytes memory signature, Attestation[] memory attestations)
    {
        order = orderOf(leaseId, 1);
        order.deadline = LATE;
        return (order, signOrder(order), attest(order, nodes, 2, 4e6));
    }
}
