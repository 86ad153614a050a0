// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Attestation, IExchange, JobOrder, Lease, LeaseStatus} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeFace} from "./DeployedExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract SettleTest is ExchangeTest {
    address[] private nodes;
    Lease private lease;
    bytes32 private leaseId;

    function setUp() public {
        setUpExchange();
        nodes = newCommittee(3, 0);
        (lease, leaseId) = openLease(nodes);
    }

    function test_AllAgreeAndEachIsPaidBeforeTheDeadline() public {
        JobOrder memory order = orderOf(leaseId, 1);
        settle(order, attest(order, nodes, 3, 4e6));
        for (uint256 i = 0; i < 3; ++i) equal(earned(nodes[i]), 4e6, "earned");
        equal(exchange.leaseOf(leaseId).funds, FUNDS - 12e6, "funds");
        equal(exchange.leaseOf(leaseId).forced, 1, "forced");
        require(exchange.isSettled(leaseId, 1) && !exchange.isSettled(leaseId, 2));
    }

    function test_CompactSignatureOfEip2098Settles() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        exchange.settle(lease, order, signCompact(SESSION, exchange.orderIdOf(order)), attestations);
        equal(earned(nodes[0]), 4e6, "earned");
    }

    function test_PriceOutlierGainsNothingByTheLowerMedian() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        attestations[0] = attestOne(order, nodes[0], RIGHT, 10e6);
        attestations[1] = attestOne(order, nodes[1], RIGHT, 3e6);
        settle(order, attestations);
        equal(earned(nodes[0]), 4e6, "outlier");
        equal(earned(nodes[1]), 3e6, "cheapest");
        equal(earned(nodes[2]), 4e6, "median");
    }

    function test_OfTwoAgreeingPricesTheLowerIsTheMedian() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 2, 4e6);
        attestations[0] = attestOne(order, nodes[0], RIGHT, 9e6);
        settle(order, attestations);
        equal(earned(nodes[0]), 4e6, "dearer");
        equal(earned(nodes[1]), 4e6, "cheaper");
    }

    function test_NoNodeIsPaidMoreThanTheConsumerSigned() public {
        JobOrder memory order = orderOf(leaseId, 1);
        settle(order, attest(order, nodes, 3, type(uint96).max));
        equal(earned(nodes[0]), order.maxPrice, "earned");
    }

    function test_DissenterGetsNothing() public {
        JobOrder memory order = orderOf(leaseId, 1);
        settle(order, attest(order, nodes, 2, 4e6));
        equal(earned(nodes[0]), 4e6, "agreeing");
        equal(earned(nodes[2]), 0, "dissenting");
    }

    function test_UntilTheDeadlineNobodyWhoIsInTimeIsCutOut() public {
        JobOrder memory order = orderOf(leaseId, 1);
        vm.warp(DEADLINE);
        expectSettleError(
            order,
            firstOf(attest(order, nodes, 3, 4e6), 2),
            abi.encodeWithSelector(IExchange.AttestationsMissing.selector, 2, 3, DEADLINE)
        );
    }

    function test_AfterTheDeadlineAQuorumSufficesAndTheCallerGetsTheForceFee() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = firstOf(attest(order, nodes, 3, 4e6), 2);
        vm.warp(DEADLINE + GRACE);
        bytes memory signature = signOrder(order);
        vm.prank(stranger);
        exchange.settle(lease, order, signature, attestations);
        equal(earned(nodes[0]), 4e6, "present");
        equal(earned(nodes[2]), 0, "absent");
        equal(exchange.balanceOf(stranger), order.forceFee, "fee");
        equal(exchange.leaseOf(leaseId).funds, FUNDS - 8e6 - order.forceFee, "funds");
    }

    function test_ThereIsNoForceFeeBeforeTheDeadline() public {
        JobOrder memory order = orderOf(leaseId, 1);
        settle(order, attest(order, nodes, 3, 4e6));
        equal(exchange.balanceOf(address(this)), 0, "fee");
    }

    function test_AfterTheGraceTheOrderIsVoid() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        uint256 until = DEADLINE + GRACE;
        vm.warp(until + 1);
        bytes32 orderId = exchange.orderIdOf(order);
        expectSettleError(
            order,
            attestations,
            abi.encodeWithSelector(IExchange.OrderExpired.selector, orderId, until, until + 1)
        );
    }

    function test_CallerOmittingADissenterCannotShrinkTheDenominator() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory alone = firstOf(attest(order, nodes, 3, 4e6), 1);
        vm.warp(DEADLINE + 1);
        expectNoQuorum(order, alone, 1, 0, 0);
        expectNoQuorum(order, new Attestation[](0), 0, 0, 0);
    }

    function test_NodeThatNeverAnswersCountsInTheDenominatorAndIsUnpaid() public {
        JobOrder memory order = orderOf(leaseId, 1);
        order.quorumBps = 6_667;
        Attestation[] memory two = firstOf(attest(order, nodes, 3, 4e6), 2);
        vm.warp(DEADLINE + 1);
        expectNoQuorum(order, two, 2, 0, 0);
        order.quorumBps = 6_666;
        settle(order, firstOf(attest(order, nodes, 3, 4e6), 2));
        equal(earned(nodes[2]), 0, "absent");
    }

    function test_LyingDifferentlyPaysNobody() public {
        JobOrder memory order = orderOf(leaseId, 1);
        expectNoQuorum(order, attest(order, nodes, 1, 4e6), 1, 0, 0);
        require(!exchange.isSettled(leaseId, 1));
        equal(exchange.leaseOf(leaseId).funds, FUNDS, "funds");
    }

    function test_WhalesStakeAloneIsNoQuorum() public {
        stakeOn(nodes[0], 1_000);
        stakeOn(nodes[1], 1);
        stakeOn(nodes[2], 1);
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory whale = firstOf(attest(order, nodes, 1, 4e6), 1);
        vm.warp(DEADLINE + 1);
        expectNoQuorum(order, whale, 1, 1_000e6, 1_002e6);
    }

    function test_SybilsHeadsWithoutStakeAreNoQuorum() public {
        stakeOn(nodes[2], 1_000);
        JobOrder memory order = orderOf(leaseId, 1);
        expectNoQuorum(order, attest(order, nodes, 2, 4e6), 2, 0, 1_000e6);
    }

    function test_UnbondingStakeDoesNotCount() public {
        stakeOn(nodes[0], 1_000);
        stakeOn(nodes[1], 999);
        vm.prank(ownerOf[nodes[0]]);
        staking.startUnbonding(nodes[0], 1_000e6);
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 2, 4e6);
        settle(order, attestations);
        equal(earned(nodes[0]), 4e6, "earned");
    }

    function test_DoublePaymentOfOneNonceIsRefused() public {
        JobOrder memory order = orderOf(leaseId, 300);
        settle(order, attest(order, nodes, 3, 4e6));
        expectSettleError(
            order,
            attest(order, nodes, 3, 4e6),
            abi.encodeWithSelector(IExchange.NonceUsed.selector, 300)
        );
        order.jobs = keccak256("other jobs");
        expectSettleError(
            order,
            attest(order, nodes, 3, 4e6),
            abi.encodeWithSelector(IExchange.NonceUsed.selector, 300)
        );
    }

    function test_EveryNonceIsSettledOnceWhereverItsBitLies() public {
        uint32[6] memory nonces = [uint32(1), 7, 8, 255, 256, type(uint32).max];
        for (uint256 i = 0; i < nonces.length; ++i) {
            JobOrder memory order = orderOf(leaseId, nonces[i]);
            require(!exchange.isSettled(leaseId, nonces[i]), "settled before");
            settle(order, attest(order, nodes, 3, 1e6));
            require(exchange.isSettled(leaseId, nonces[i]), "not settled after");
            expectSettleError(
                order,
                attest(order, nodes, 3, 1e6),
                abi.encodeWithSelector(IExchange.NonceUsed.selector, nonces[i])
            );
        }
        equal(exchange.leaseOf(leaseId).forced, nonces.length, "forced");
    }

    function test_NoncesBeginAtOne() public {
        JobOrder memory order = orderOf(leaseId, 0);
        expectSettleError(
            order,
            attest(order, nodes, 3, 4e6),
            abi.encodeWithSelector(IExchange.NonceCovered.selector, 0, 0)
        );
    }

    function test_UnderfundedLeaseConsumesNothingAndCanBeToppedUp() public {
        JobOrder memory order = orderOf(leaseId, 1);
        order.maxPrice = FUNDS;
        Attestation[] memory attestations = attest(order, nodes, 3, FUNDS / 2);
        expectSettleError(
            order,
            attestations,
            abi.encodeWithSelector(IExchange.LeaseUnderfunded.selector, leaseId, FUNDS, (FUNDS / 2) * 3)
        );
        vm.prank(consumer);
        exchange.topUp(leaseId, FUNDS);
        settle(order, attestations);
        equal(exchange.leaseOf(leaseId).funds, FUNDS / 2, "funds");
    }

    function test_AbsurdPricesAreUnderfundedAndNoPanic() public {
        JobOrder memory first = orderOf(leaseId, 1);
        settle(first, attest(first, nodes, 3, 1));
        JobOrder memory order = orderOf(leaseId, 2);
        order.maxPrice = type(uint96).max;
        uint256 needed = 3 * uint256(type(uint96).max);
        expectSettleError(
            order,
            attest(order, nodes, 3, type(uint96).max),
            abi.encodeWithSelector(IExchange.LeaseUnderfunded.selector, leaseId, FUNDS - 3, needed)
        );
    }

    function test_OnlyTheSessionKeySignsOrders() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        bytes32 orderId = exchange.orderIdOf(order);
        bytes memory signature = sign(0xBAD, orderId);
        expectError(abi.encodeWithSelector(IExchange.OrderSignatureInvalid.selector, orderId, lease.sessionKey));
        exchange.settle(lease, order, signature, attestations);
    }

    function test_OrderIsBoundToItsLeaseAndItsTerms() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        order.lease = RIGHT;
        expectSettleError(
            order,
            attestations,
            abi.encodeWithSelector(IExchange.OrderOfOtherLease.selector, leaseId, RIGHT)
        );
        order.lease = leaseId;
        order.deadline = EXPIRY + 1;
        expectSettleError(
            order,
            attestations,
            abi.encodeWithSelector(IExchange.OrderOutlivesLease.selector, EXPIRY + 1, EXPIRY)
        );
        order.deadline = DEADLINE;
        order.quorumBps = 5_000;
        bytes4 range = IExchange.QuorumOutOfRange.selector;
        expectSettleError(order, attestations, abi.encodeWithSelector(range, 5_000, 5_001, 10_000));
        order.quorumBps = 10_001;
        expectSettleError(order, attestations, abi.encodeWithSelector(range, 10_001, 5_001, 10_000));
    }

    function test_AttestationsAreTheCommitteesOnceEachAndSigned() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        attestations[1] = attestations[0];
        bytes4 ascending = IExchange.AttestationsNotAscending.selector;
        expectSettleError(order, attestations, abi.encodeWithSelector(ascending, nodes[0]));

        address outsider = newCommittee(1, 9)[0];
        vm.warp(DEADLINE + 1);
        attestations = new Attestation[](1);
        attestations[0] = attestOne(order, outsider, RIGHT, 4e6);
        bytes4 outside = IExchange.NotInCommittee.selector;
        expectSettleError(order, attestations, abi.encodeWithSelector(outside, outsider));
        keyOf[address(type(uint160).max)] = 1;
        attestations[0] = attestOne(order, address(type(uint160).max), RIGHT, 4e6);
        expectSettleError(order, attestations, abi.encodeWithSelector(outside, address(type(uint160).max)));

        attestations = attest(order, nodes, 3, 4e6);
        attestations[2].price += 1;
        bytes4 unsigned = IExchange.AttestationSignatureInvalid.selector;
        expectSettleError(order, attestations, abi.encodeWithSelector(unsigned, nodes[2]));
    }

    function test_ReplayOnAnotherChainOrContractIsRefused() public {
        JobOrder memory order = orderOf(leaseId, 1);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        bytes memory signature = signOrder(order);
        vm.chainId(5);
        bytes32 elsewhere = exchange.orderIdOf(order);
        expectError(abi.encodeWithSelector(IExchange.OrderSignatureInvalid.selector, elsewhere, lease.sessionKey));
        exchange.settle(lease, order, signature, attestations);

        vm.chainId(31_337);
        ExchangeFace other = deployExchange(token, GRACE);
        require(other.orderIdOf(order) != exchange.orderIdOf(order));
    }

    function test_ReplayInAnotherOrAClosedLeaseIsRefused() public {
        JobOrder memory order = orderOf(leaseId, 1);
        order.deadline = EXPIRY;
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        bytes memory signature = signOrder(order);
        Lease memory other = leaseOf(nodes);
        other.salt = RIGHT;
        vm.prank(consumer);
        bytes32 otherId = exchange.open(other, FUNDS, EXPIRY);
        expectError(abi.encodeWithSelector(IExchange.OrderOfOtherLease.selector, otherId, leaseId));
        exchange.settle(other, order, signature, attestations);

        vm.warp(EXPIRY + GRACE + 1);
        exchange.close(lease);
        expectError(abi.encodeWithSelector(IExchange.LeaseNotLive.selector, leaseId, LeaseStatus.Closed));
        exchange.settle(lease, order, signature, attestations);
    }

    function testFuzz_TheLeasePaysExactlyWhatTheNodesEarn(uint256 seed, uint8 size, uint8 right) public {
        uint256 k = bound(size, 1, 16);
        address[] memory committee = newCommittee(k, 1 + (seed % 1_000));
        (Lease memory own, bytes32 ownId) = openLease(committee);
        JobOrder memory order = orderOf(ownId, 1);
        uint256 agreeing = bound(right, k / 2 + 1, k);
        Attestation[] memory attestations = new Attestation[](k);
        uint256 lowest = type(uint96).max;
        for (uint256 i = 0; i < k; ++i) {
            uint96 price = uint96(bound(uint256(keccak256(abi.encode(seed, i))), 0, 20e6));
            attestations[i] = attestOne(order, committee[i], i < agreeing ? RIGHT : WRONG, price);
            if (i < agreeing && price < lowest) lowest = price;
        }
        exchange.settle(own, order, signOrder(order), attestations);

        uint256 total = 0;
        for (uint256 i = 0; i < k; ++i) {
            uint256 amount = earned(committee[i]);
            require(amount <= order.maxPrice && amount <= attestations[i].price, "more than signed for");
            require(i < agreeing ? amount >= lowest || amount == order.maxPrice : amount == 0, "share");
            total += amount;
        }
        equal(exchange.leaseOf(ownId).funds, FUNDS - total, "funds");
    }

    function settle(JobOrder memory order, Attestation[] memory attestations) private {
        exchange.settle(lease, order, signOrder(order), attestations);
    }

    function expectSettleError(JobOrder memory order, Attestation[] memory attestations, bytes memory reason) private {
        bytes memory signature = signOrder(order);
        expectError(reason);
        exchange.settle(lease, order, signature, attestations);
    }

    function expectNoQuorum(
        JobOrder memory order,
        Attestation[] memory attestations,
        uint256 heads,
        uint256 stake,
        uint256 committeeStake
    ) private {
        bytes32 orderId = exchange.orderIdOf(order);
        expectSettleError(
            order,
            attestations,
            abi.encodeWithSelector(
                IExchange.NoQuorum.selector,
                orderId,
                heads,
                3,
                stake,
                committeeStake,
                order.quorumBps
            )
        );
    }

    function firstOf(Attestation[] memory all, uint256 count) private pure returns (Attestation[] memory some) {
        some = new Attestation[](count);
        for (uint256 i = 0; i < count; ++i) some[i] = all[i];
    }
}
