// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange, Lease, LeaseStatus, LeaseView} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract LeasesTest is ExchangeTest {
    address[] private nodes;

    function setUp() public {
        setUpExchange();
        nodes = newCommittee(3, 0);
    }

    function test_OpeningLocksTheFunds() public {
        (, bytes32 leaseId) = openLease(nodes);
        LeaseView memory facts = exchange.leaseOf(leaseId);
        equal(facts.funds, FUNDS, "funds");
        equal(facts.expiry, EXPIRY, "expiry");
        equal(exchange.balanceOf(consumer), 9 * FUNDS, "account");
    }

    function test_OnlyTheConsumerOpens() public {
        Lease memory lease = leaseOf(nodes);
        expectOpenError(
            stranger,
            lease,
            EXPIRY,
            abi.encodeWithSelector(IExchange.NotConsumer.selector, consumer, stranger)
        );
    }

    function test_OpeningNeedsFundsASessionKeyAndAnExpiry() public {
        Lease memory lease = leaseOf(nodes);
        expectError(abi.encodeWithSelector(IExchange.AmountZero.selector));
        vm.prank(consumer);
        exchange.open(lease, 0, EXPIRY);
        expectError(
            abi.encodeWithSelector(IExchange.AccountUnderfunded.selector, consumer, 10 * FUNDS, 10 * FUNDS + 1)
        );
        vm.prank(consumer);
        exchange.open(lease, 10 * FUNDS + 1, EXPIRY);

        uint256 max = START + 366 days;
        bytes4 range = IExchange.ExpiryOutOfRange.selector;
        expectOpenError(consumer, lease, START, abi.encodeWithSelector(range, START, START + 1, max));
        expectOpenError(consumer, lease, uint40(max + 1), abi.encodeWithSelector(range, max + 1, START + 1, max));
        lease.sessionKey = address(0);
        expectOpenError(consumer, lease, EXPIRY, abi.encodeWithSelector(IExchange.SessionKeyZero.selector));
    }

    function test_CommitteeHasOneToSixteenRegisteredNodesAscending() public {
        bytes4 size = IExchange.CommitteeSizeOutOfRange.selector;
        Lease memory lease = leaseOf(new address[](0));
        expectOpenError(consumer, lease, EXPIRY, abi.encodeWithSelector(size, 0, 1, 16));
        lease.nodes = new address[](17);
        expectOpenError(consumer, lease, EXPIRY, abi.encodeWithSelector(size, 17, 1, 16));

        lease.nodes = newCommittee(16, 1);
        vm.prank(consumer);
        exchange.open(lease, FUNDS, EXPIRY);

        lease.nodes = nodes;
        lease.nodes[1] = lease.nodes[0];
        bytes4 ascending = IExchange.CommitteeNotAscending.selector;
        expectOpenError(consumer, lease, EXPIRY, abi.encodeWithSelector(ascending, nodes[0]));
        (lease.nodes[0], lease.nodes[1]) = (nodes[1], nodes[0]);
        expectOpenError(consumer, lease, EXPIRY, abi.encodeWithSelector(ascending, nodes[0]));

        lease.nodes = new address[](1);
        lease.nodes[0] = stranger;
        expectOpenError(consumer, lease, EXPIRY, abi.encodeWithSelector(IExchange.NodeUnknown.selector, stranger));
    }

    function test_SybilsOneOwnerHasOneSeat() public {
        address sybil = vm.addr(0x5B);
        keyOf[sybil] = 0x5B;
        address owner = ownerOf[nodes[0]];
        register(sybil, owner);
        Lease memory lease = leaseOf(new address[](2));
        (lease.nodes[0], lease.nodes[1]) = sybil < nodes[0] ? (sybil, nodes[0]) : (nodes[0], sybil);
        expectOpenError(
            consumer,
            lease,
            EXPIRY,
            abi.encodeWithSelector(IExchange.OwnerRepeated.selector, owner, lease.nodes[1])
        );
    }

    function test_ALeaseIdNeverReopens() public {
        (Lease memory lease, bytes32 leaseId) = openLease(nodes);
        bytes memory opened = abi.encodeWithSelector(IExchange.LeaseAlreadyOpened.selector, leaseId);
        expectOpenError(consumer, lease, EXPIRY, opened);
        vm.warp(EXPIRY + GRACE + 1);
        exchange.close(lease);
        expectOpenError(consumer, lease, EXPIRY + 1 days, opened);
    }

    function test_AnyoneTopsUpAnOpenLease() public {
        (Lease memory lease, bytes32 leaseId) = openLease(nodes);
        fund(stranger, 5);
        vm.prank(stranger);
        exchange.topUp(leaseId, 5);
        equal(exchange.leaseOf(leaseId).funds, FUNDS + 5, "funds");
        expectError(abi.encodeWithSelector(IExchange.AmountZero.selector));
        exchange.topUp(leaseId, 0);

        bytes4 notLive = IExchange.LeaseNotLive.selector;
        expectError(abi.encodeWithSelector(notLive, bytes32(0), LeaseStatus.None));
        exchange.topUp(0, 5);
        vm.warp(EXPIRY + GRACE + 1);
        exchange.close(lease);
        expectError(abi.encodeWithSelector(notLive, leaseId, LeaseStatus.Closed));
        exchange.topUp(leaseId, 5);
    }

    function test_TheConsumerMovesTheExpiryLaterOnly() public {
        (Lease memory lease, bytes32 leaseId) = openLease(nodes);
        expectError(abi.encodeWithSelector(IExchange.NotConsumer.selector, consumer, stranger));
        vm.prank(stranger);
        exchange.extend(lease, EXPIRY + 1);
        expectError(abi.encodeWithSelector(IExchange.ExpiryOutOfRange.selector, EXPIRY, EXPIRY + 1, START + 366 days));
        vm.prank(consumer);
        exchange.extend(lease, EXPIRY);
        vm.prank(consumer);
        exchange.extend(lease, EXPIRY + 1);
        equal(exchange.leaseOf(leaseId).expiry, EXPIRY + 1, "expiry");

        lease.salt = bytes32(uint256(1));
        bytes32 unknown = exchange.leaseIdOf(lease);
        expectError(abi.encodeWithSelector(IExchange.LeaseNotLive.selector, unknown, LeaseStatus.None));
        vm.prank(consumer);
        exchange.extend(lease, EXPIRY + 1);
    }

    function test_AnyoneClosesAfterExpiryAndGraceAndTheRemainderIsTheConsumers() public {
        (Lease memory lease, bytes32 leaseId) = openLease(nodes);
        uint256 from = EXPIRY + GRACE;
        vm.warp(from);
        expectError(abi.encodeWithSelector(IExchange.LeaseNotClosable.selector, leaseId, from, from));
        exchange.close(lease);

        vm.warp(from + 1);
        vm.prank(stranger);
        exchange.close(lease);
        equal(exchange.balanceOf(consumer), 10 * FUNDS, "account");
        equal(exchange.leaseOf(leaseId).funds, 0, "funds");
        expectError(abi.encodeWithSelector(IExchange.LeaseNotLive.selector, leaseId, LeaseStatus.Closed));
        exchange.close(lease);
    }

    function test_TheStatusFollowsTheClock() public {
        (Lease memory lease, bytes32 leaseId) = openLease(nodes);
        requireStatus(0, LeaseStatus.None);
        vm.warp(EXPIRY);
        requireStatus(leaseId, LeaseStatus.Live);
        vm.warp(EXPIRY + 1);
        requireStatus(leaseId, LeaseStatus.Ending);
        vm.warp(EXPIRY + GRACE);
        requireStatus(leaseId, LeaseStatus.Ending);
        vm.warp(EXPIRY + GRACE + 1);
        requireStatus(leaseId, LeaseStatus.Closable);
        exchange.close(lease);
        requireStatus(leaseId, LeaseStatus.Closed);
    }

    function requireStatus(bytes32 leaseId, LeaseStatus expected) private view {
        equal(uint256(exchange.leaseOf(leaseId).status), uint256(expected), "status");
    }

    function expectOpenError(address caller, Lease memory lease, uint40 expiry, bytes memory reason) private {
        expectError(reason);
        vm.prank(caller);
        exchange.open(lease, FUNDS, expiry);
    }
}
