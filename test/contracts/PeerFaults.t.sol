// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation, IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

/// Faults that were seen in other marketplaces of work, one test each. What concerns draws and juries is in Draws.t.sol and
/// Court.t.sol.
contract PeerFaultsTest is ExchangeTest {
    address[] private nodes;
    Lease private lease;
    bytes32 private leaseId;

    function setUp() public {
        setUpExchange();
        nodes = newCommittee(3, 0);
        (lease, leaseId) = openLease(nodes);
    }

    /// Where an interface had drifted from its implementation, timeouts reverted for ever and escrow was stuck. Here every
    /// exit that waits for time is called through its interface, once its time has come.
    function test_InterfaceAndImplementationAgreeOnEveryTimeout() public {
        stakeOn(nodes[0], 9e6);
        vm.prank(ownerOf[nodes[0]]);
        IStaking(address(staking)).startUnbonding(nodes[0], 9e12);
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory two = firstTwo(attest(order, nodes, 3, 4e6));
        vm.warp(DEADLINE + 1);
        IExchange(address(exchange)).settle(lease, order, signOrder(order), two);
        vm.warp(START + staking.UNBONDING());
        IStaking(address(staking)).finishUnbonding(nodes[0]);
        vm.warp(EXPIRY + GRACE + 1);
        IExchange(address(exchange)).close(lease);
        equal(vault.balanceOf(ownerOf[nodes[0]]), 9e12, "stake");
        equal(exchange.leaseOf(leaseId).funds, 0, "lease");
    }

    function test_TxOriginAuthorisesNothing() public {
        // The consumer and an owner start transactions that pass through somebody else's contract.
        expectError(abi.encodeWithSelector(IExchange.NotConsumer.selector, consumer, stranger));
        vm.prank(stranger, consumer);
        exchange.extend(lease, EXPIRY + 1);
        expectError(abi.encodeWithSelector(IExchange.AccountUnderfunded.selector, stranger, 0, 1));
        vm.prank(stranger, consumer);
        exchange.withdraw(1);
        address owner = ownerOf[nodes[0]];
        stakeOn(nodes[0], 1e6);
        expectError(abi.encodeWithSelector(IStaking.NotStakeOwner.selector, nodes[0], owner, stranger));
        vm.prank(stranger, owner);
        staking.startUnbonding(nodes[0], 1);
    }

    /// Workers that had voted otherwise were let go when a task failed. Here nothing that happens to one order touches a
    /// freeze for another.
    function test_AnOrderThatFailsUnlocksNobody() public {
        for (uint256 i = 0; i < 3; ++i) stakeOn(nodes[i], 100e6);
        JobOrder memory disputed = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(disputed, nodes, 2, 4e6);
        bytes memory signature = signOrder(disputed);
        vm.warp(DEADLINE + 1);
        exchange.adjudicate(lease, disputed, signature, attestations);
        uint256 until = staking.stakeOf(nodes[2]).frozenUntil;
        require(until > block.timestamp, "frozen");

        JobOrder memory failing = orderOf(leaseId, 2);
        attestations = attest(failing, nodes, 1, 4e6);
        signature = signOrder(failing);
        (bool ok, ) = address(exchange).call(
            abi.encodeCall(IExchange.settle, (lease, failing, signature, attestations))
        );
        require(!ok, "no quorum");
        JobOrder memory agreed = orderOf(leaseId, 3);
        exchange.settle(lease, agreed, signOrder(agreed), attest(agreed, nodes, 3, 4e6));
        vm.warp(EXPIRY + GRACE + 1);
        exchange.close(lease);
        equal(staking.stakeOf(nodes[2]).frozenUntil, until, "frozenUntil");
    }

    /// Full results were kept in storage. Here a settlement writes the lease's word and one word a node, and what a result
    /// was is told by an event alone.
    function test_NoResultIsEverStored() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        bytes memory signature = signOrder(order);
        vm.record();
        exchange.settle(lease, order, signature, attestations);
        (, bytes32[] memory writes) = vm.accesses(address(exchange));
        equal(writes.length, 1 + nodes.length, "words written");
        for (uint256 i = 0; i < writes.length; ++i) {
            require(vm.load(address(exchange), writes[i]) != RIGHT, "a result in storage");
        }
    }

    /// Money was taken only when somebody settled, so an overdrawn consumer ran for nothing. Here it is locked first.
    function test_WhatALeaseLocksCannotBeSpentElsewhere() public {
        uint256 left = exchange.balanceOf(consumer);
        vm.prank(consumer);
        exchange.withdraw(left);
        expectError(abi.encodeWithSelector(IExchange.AccountUnderfunded.selector, consumer, 0, 1));
        vm.prank(consumer);
        exchange.withdraw(1);
        JobOrder memory order = orderOf(leaseId, 1);
        exchange.settle(lease, order, signOrder(order), attest(order, nodes, 3, 4e6));
        equal(earned(nodes[0]), 4e6, "earned");
    }

    /// A ticket was used up by a payment that was only made in part. Here a payment is whole or did not happen.
    function test_NothingIsUsedUpByAPaymentThatFails() public {
        JobOrder memory order = orderOf(leaseId, 1);
        order.maxPrice = FUNDS;
        Attestation[] memory attestations = attest(order, nodes, 3, FUNDS / 2);
        bytes memory signature = signOrder(order);
        expectError(
            abi.encodeWithSelector(IExchange.LeaseUnderfunded.selector, leaseId, FUNDS, (uint256(FUNDS) / 2) * 3)
        );
        exchange.settle(lease, order, signature, attestations);
        require(!exchange.isSettled(leaseId, 1), "used up");
        vm.prank(consumer);
        exchange.topUp(leaseId, FUNDS);
        exchange.settle(lease, order, signature, attestations);
        equal(earned(nodes[0]), FUNDS / 2, "earned");
    }

    /// The seller's own word was the bill. Here usage is a part of the result, and a price counts as one of a committee's.
    function test_ABillThatOneNodeReportsAloneIsNotPaid() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 2, 4e6);
        attestations[1] = attestOne(order, nodes[1], RIGHT, 9e6);
        exchange.settle(lease, order, signOrder(order), attestations);
        equal(earned(nodes[0]), 4e6, "honest");
        equal(earned(nodes[1]), 4e6, "dear");
        equal(earned(nodes[2]), 0, "another usage");
    }

    function firstTwo(Attestation[] memory all) private pure returns (Attestation[] memory two) {
        two = new Attestation[](2);
        (two[0], two[1]) = (all[0], all[1]);
    }
}
