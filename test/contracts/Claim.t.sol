// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ClaimedOrder, IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract ClaimTest is ExchangeTest {
    address[] private nodes;
    Lease private lease;
    bytes32 private leaseId;

    function setUp() public {
        setUpExchange();
        nodes = newCommittee(3, 0);
        (lease, leaseId) = openLease(nodes);
    }

    function test_ConsumerRefusesAfterSeeingResultsAndTheNodesClaim() public {
        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, orders(3), 12e6);
        vm.warp(DEADLINE + 1);
        vm.prank(stranger);
        exchange.claim(lease, claimed, RIGHT, 12e6, signatures);
        for (uint256 i = 0; i < 3; ++i) equal(earned(nodes[i]), 12e6, "earned");
        equal(exchange.balanceOf(stranger), 3e6, "force fees");
        equal(exchange.leaseOf(leaseId).funds, FUNDS - 39e6, "funds");
        equal(exchange.leaseOf(leaseId).forced, 3, "forced");
        require(exchange.isSettled(leaseId, 1) && exchange.isSettled(leaseId, 3) && !exchange.isSettled(leaseId, 4));
    }

    function test_ClaimIsOpenBetweenDeadlineAndGraceOnly() public {
        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, orders(1), 1e6);
        bytes32 orderId = exchange.orderIdOf(claimed[0].order);
        vm.warp(DEADLINE);
        expectError(abi.encodeWithSelector(IExchange.OrderInTime.selector, orderId, DEADLINE, DEADLINE));
        exchange.claim(lease, claimed, RIGHT, 1e6, signatures);
        uint256 until = DEADLINE + GRACE;
        vm.warp(until + 1);
        expectError(abi.encodeWithSelector(IExchange.OrderExpired.selector, orderId, until, until + 1));
        exchange.claim(lease, claimed, RIGHT, 1e6, signatures);
        vm.warp(until);
        exchange.claim(lease, claimed, RIGHT, 1e6, signatures);
        equal(earned(nodes[0]), 1e6, "earned");
    }

    function test_ConsumerIsNeverChargedMoreThanItSigned() public {
        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, orders(2), 20e6 + 1);
        vm.warp(DEADLINE + 1);
        expectError(abi.encodeWithSelector(IExchange.ClaimExceedsOrders.selector, 20e6 + 1, 20e6));
        exchange.claim(lease, claimed, RIGHT, 20e6 + 1, signatures);
    }

    function test_ClaimNeedsEveryNodeAndEveryOrdersSignature() public {
        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, orders(2), 2e6);
        vm.warp(DEADLINE + 1);
        expectError(abi.encodeWithSelector(IExchange.ClaimSignatureInvalid.selector, nodes[0]));
        exchange.claim(lease, claimed, RIGHT, 2e6 + 1, signatures);

        bytes memory kept = signatures[2];
        signatures[2] = signatures[1];
        expectError(abi.encodeWithSelector(IExchange.ClaimSignatureInvalid.selector, nodes[2]));
        exchange.claim(lease, claimed, RIGHT, 2e6, signatures);
        signatures[2] = kept;

        bytes[] memory two = new bytes[](2);
        expectError(abi.encodeWithSelector(IExchange.ClaimSignaturesMissing.selector, 2, 3));
        exchange.claim(lease, claimed, RIGHT, 2e6, two);

        claimed[1].signature = claimed[0].signature;
        bytes32 orderId = exchange.orderIdOf(claimed[1].order);
        expectError(abi.encodeWithSelector(IExchange.OrderSignatureInvalid.selector, orderId, lease.sessionKey));
        exchange.claim(lease, claimed, RIGHT, 2e6, signatures);
    }

    function test_DoublePaymentOneOrderIsClaimedOnce() public {
        JobOrder[] memory twice = orders(2);
        twice[1] = twice[0];
        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, twice, 2e6);
        vm.warp(DEADLINE + 1);
        expectError(abi.encodeWithSelector(IExchange.NonceUsed.selector, 1));
        exchange.claim(lease, claimed, RIGHT, 2e6, signatures);

        (claimed, signatures) = claimOf(lease, orders(1), 2e6);
        exchange.claim(lease, claimed, RIGHT, 2e6, signatures);
        expectError(abi.encodeWithSelector(IExchange.NonceUsed.selector, 1));
        exchange.claim(lease, claimed, RIGHT, 2e6, signatures);
    }

    function test_ClaimHoldsOneToAThousandOrders() public {
        bytes4 size = IExchange.ClaimSizeOutOfRange.selector;
        expectError(abi.encodeWithSelector(size, 0, 1, 1_024));
        exchange.claim(lease, new ClaimedOrder[](0), RIGHT, 0, new bytes[](3));
        expectError(abi.encodeWithSelector(size, 1_025, 1, 1_024));
        exchange.claim(lease, new ClaimedOrder[](1_025), RIGHT, 0, new bytes[](3));
    }

    function test_UnderfundedLeaseConsumesNothing() public {
        JobOrder[] memory dear = orders(1);
        dear[0].maxPrice = FUNDS;
        uint96 perNode = FUNDS / 3;
        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, dear, perNode);
        vm.warp(DEADLINE + 1);
        uint256 needed = uint256(perNode) * 3 + 1e6;
        expectError(abi.encodeWithSelector(IExchange.LeaseUnderfunded.selector, leaseId, FUNDS, needed));
        exchange.claim(lease, claimed, RIGHT, perNode, signatures);
        vm.prank(consumer);
        exchange.topUp(leaseId, 1e6);
        exchange.claim(lease, claimed, RIGHT, perNode, signatures);
        equal(exchange.leaseOf(leaseId).funds, FUNDS % 3, "funds");
    }

    function orders(uint256 count) private view returns (JobOrder[] memory all) {
        all = new JobOrder[](count);
        for (uint256 i = 0; i < count; ++i) all[i] = orderOf(leaseId, uint32(i + 1));
    }
}
