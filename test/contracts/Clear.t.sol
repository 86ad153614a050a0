// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Attestation,
    ClaimedOrder,
    IExchange,
    JobOrder,
    Lease,
    LeaseStatus,
    SkipReason
} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract ClearTest is ExchangeTest {
    address[] private nodes;
    Lease private lease;
    bytes32 private leaseId;

    function setUp() public {
        setUpExchange();
        nodes = newCommittee(3, 0);
        (lease, leaseId) = openLease(nodes);
    }

    function test_VoucherPaysEveryNodeOfTheCommittee() public {
        exchange.clear(batchOf(voucherOf(lease, 4e6, 7)));
        for (uint256 i = 0; i < 3; ++i) equal(earned(nodes[i]), 4e6, "earned");
        equal(exchange.leaseOf(leaseId).funds, FUNDS - 12e6, "funds");
        equal(exchange.leaseOf(leaseId).paidPerNode, 4e6, "paidPerNode");
        equal(exchange.leaseOf(leaseId).upTo, 7, "upTo");
    }

    function test_VouchersAreCumulative() public {
        exchange.clear(batchOf(voucherOf(lease, 4e6, 7)));
        exchange.clear(batchOf(voucherOf(lease, 6e6, 9)));
        equal(earned(nodes[0]), 6e6, "earned");
        equal(exchange.leaseOf(leaseId).funds, FUNDS - 18e6, "funds");
    }

    function test_VoucherMonotonicityNothingGoesBack() public {
        exchange.clear(batchOf(voucherOf(lease, 4e6, 7)));
        expectSkip(voucherOf(lease, 4e6, 7), SkipReason.VoucherStale);
        expectSkip(voucherOf(lease, 3e6, 8), SkipReason.VoucherStale);
        expectSkip(voucherOf(lease, 5e6, 6), SkipReason.VoucherStale);
        equal(earned(nodes[0]), 4e6, "earned");
    }

    function test_PaymentsAreNettedOverAllLeasesOfABatch() public {
        address[] memory others = newCommittee(2, 5);
        Voucher[] memory vouchers = new Voucher[](2);
        vouchers[0] = voucherOf(lease, 4e6, 7);
        address[] memory pair = new address[](2);
        (pair[0], pair[1]) = nodes[0] < others[0] ? (nodes[0], others[0]) : (others[0], nodes[0]);
        (Lease memory second, ) = openLease(pair);
        vouchers[1] = voucherOf(second, 1e6, 1);
        address[] memory table = new address[](4);
        (table[0], table[1], table[2], table[3]) = (others[0], nodes[2], nodes[1], nodes[0]);
        exchange.clear(batchOf(table, vouchers, EXPIRY, address(0)));
        equal(earned(nodes[0]), 5e6, "in both");
        equal(earned(nodes[1]), 4e6, "in the first");
        equal(earned(others[0]), 1e6, "in the second");
    }

    function test_OneBadEntryInABigBatchIsSkipped() public {
        Voucher[] memory vouchers = new Voucher[](12);
        for (uint256 i = 0; i < 12; ++i) {
            Lease memory each = leaseOf(nodes);
            each.salt = bytes32(i + 1);
            fund(consumer, FUNDS);
            vm.prank(consumer);
            exchange.open(each, FUNDS, EXPIRY);
            vouchers[i] = voucherOf(each, i == 5 ? uint64(FUNDS) : 1e6, 1);
        }
        exchange.clear(batchOf(nodes, vouchers, EXPIRY, address(0)));
        equal(earned(nodes[0]), 11e6, "earned");
        equal(exchange.leaseOf(exchange.leaseIdOf(vouchers[5].lease)).upTo, 0, "skipped");
    }

    function test_UnderfundedConsumerIsChargedNothing() public {
        expectSkip(voucherOf(lease, uint64(FUNDS / 3) + 1, 1), SkipReason.LeaseUnderfunded);
        exchange.clear(batchOf(voucherOf(lease, uint64(FUNDS / 3), 1)));
        equal(exchange.leaseOf(leaseId).funds, FUNDS % 3, "funds");
    }

    function test_VoidedJobNeedsTheSignatureOfAllItsNodes() public {
        Voucher[] memory vouchers = new Voucher[](1);
        vouchers[0] = voucherOf(lease, 0, type(uint32).max);
        bytes memory batch = batchOf(nodes, vouchers, EXPIRY, nodes[1]);
        vm.expectEmit();
        emit IExchange.EntrySkipped(batchIdOf(batch, 3), leaseId, 0, SkipReason.NodeNotSigned);
        exchange.clear(batch);
        equal(exchange.leaseOf(leaseId).upTo, 0, "upTo");
    }

    function test_VoucherIsTheSessionKeysAlone() public {
        Voucher memory voucher = voucherOf(lease, 4e6, 7);
        bytes memory batch = batchOf(voucher);
        // The session key's signature ends before the committee's size, its three seats and the nodes' signatures.
        batch[batch.length - 3 * 64 - 8] ^= 0x01;
        bytes memory header = slice(batch, 0, 41);
        bytes memory resigned = signBatch(header, nodes, slice(batch, 41, batch.length - 3 * 64), address(0));
        vm.expectEmit();
        emit IExchange.EntrySkipped(batchIdOf(resigned, 3), leaseId, 0, SkipReason.VoucherNotSigned);
        exchange.clear(resigned);
        equal(earned(nodes[0]), 0, "earned");
    }

    function test_DoublePaymentOverRungsVoucherBindsForced() public {
        Voucher memory before = voucherOf(lease, 8e6, 2);
        JobOrder memory order = orderOf(leaseId, 1);
        exchange.settle(lease, order, signOrder(order), attest(order, nodes, 3, 4e6));
        expectSkip(before, SkipReason.ForcedSince);

        Voucher memory fresh = voucherOf(lease, 4e6, 2);
        fresh.forced = 1;
        exchange.clear(batchOf(fresh));
        equal(earned(nodes[0]), 8e6, "earned");
    }

    function test_DoublePaymentOverRungsCoveredNonceCannotBeForced() public {
        exchange.clear(batchOf(voucherOf(lease, 4e6, 7)));
        JobOrder memory order = orderOf(leaseId, 7);
        bytes memory signature = signOrder(order);
        Attestation[] memory attestations = attest(order, nodes, 3, 4e6);
        expectError(abi.encodeWithSelector(IExchange.NonceCovered.selector, 7, 7));
        exchange.settle(lease, order, signature, attestations);

        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, arrayOf(order), 4e6);
        vm.warp(DEADLINE + 1);
        expectError(abi.encodeWithSelector(IExchange.NonceCovered.selector, 7, 7));
        exchange.claim(lease, claimed, RIGHT, 4e6, signatures);
    }

    function test_LastVoucherClosesTheLeaseAtOnce() public {
        Voucher memory voucher = voucherOf(lease, 4e6, 7);
        voucher.last = true;
        exchange.clear(batchOf(voucher));
        equal(uint256(exchange.leaseOf(leaseId).status), uint256(LeaseStatus.Closed), "status");
        equal(exchange.balanceOf(consumer), 10 * FUNDS - 12e6, "account");
        equal(exchange.leaseOf(leaseId).funds, 0, "funds");
        expectSkip(voucherOf(lease, 5e6, 8), SkipReason.LeaseNotLive);
    }

    function test_LastVoucherMayAddNothing() public {
        exchange.clear(batchOf(voucherOf(lease, 4e6, 7)));
        Voucher memory voucher = voucherOf(lease, 4e6, 7);
        voucher.last = true;
        exchange.clear(batchOf(voucher));
        equal(exchange.balanceOf(consumer), 10 * FUNDS - 12e6, "account");
    }

    /// A balance kept in memory while another name of the same account is written would lose or make units here.
    function test_ClosingConsumerMayOwnANodeOfTheCommittee() public {
        Lease memory own = leaseOf(nodes);
        own.consumer = ownerOf[nodes[0]];
        own.salt = RIGHT;
        fund(own.consumer, FUNDS);
        vm.prank(own.consumer);
        exchange.open(own, FUNDS, EXPIRY);
        Voucher memory voucher = voucherOf(own, 4e6, 1);
        voucher.last = true;
        exchange.clear(batchOf(voucher));
        exchange.collectEarnings(nodes);
        equal(exchange.balanceOf(own.consumer), FUNDS - 8e6 - (4e6 * FEE_BPS) / 10_000, "account");
    }

    function test_UnknownLeaseAndUnknownSeatAreSkipped() public {
        Lease memory unknown = leaseOf(nodes);
        unknown.salt = WRONG;
        expectSkip(voucherOf(unknown, 1, 1), SkipReason.LeaseNotLive);

        Voucher[] memory vouchers = new Voucher[](1);
        vouchers[0] = voucherOf(lease, 4e6, 7);
        address[] memory two = new address[](2);
        (two[0], two[1]) = (nodes[0], nodes[1]);
        bytes memory batch = batchOf(two, vouchers, EXPIRY, address(0));
        vm.expectEmit();
        emit IExchange.EntrySkipped(batchIdOf(batch, 2), 0, 0, SkipReason.SeatUnknown);
        exchange.clear(batch);
    }

    function test_BatchHasItsDayAndItsSize() public {
        bytes memory batch = batchOf(voucherOf(lease, 4e6, 7));
        vm.warp(EXPIRY + 1);
        expectError(abi.encodeWithSelector(IExchange.SignatureExpired.selector, EXPIRY, EXPIRY + 1));
        exchange.clear(batch);

        bytes memory vast = new bytes(41 + 1_025 * 84);
        (vast[37], vast[38]) = (0x04, 0x01);
        expectError(abi.encodeWithSelector(IExchange.BatchTooLarge.selector, 1_025, 1_024));
        exchange.clear(vast);
    }

    function test_CensoringClearerChangesNothingForOthers() public {
        Voucher[] memory vouchers = new Voucher[](1);
        vouchers[0] = voucherOf(lease, 4e6, 7);
        vm.prank(stranger);
        exchange.clear(batchOf(nodes, vouchers, EXPIRY, address(0)));
        equal(earned(nodes[0]), 4e6, "earned");
    }

    function test_MalformedPackedCalldataIsRefused() public {
        bytes memory batch = batchOf(voucherOf(lease, 4e6, 7));
        for (uint256 length = 0; length < batch.length; length += 7) {
            bytes memory short = new bytes(length);
            for (uint256 i = 0; i < length; ++i) short[i] = batch[i];
            (bool ok, bytes memory reason) = address(exchange).call(abi.encodeCall(IExchange.clear, (short)));
            require(!ok, "shorter");
            require(
                bytes4(reason) == IExchange.BatchMalformed.selector ||
                    bytes4(reason) == IExchange.SignatureExpired.selector,
                "no reason"
            );
        }
        bytes memory long = bytes.concat(batch, hex"00");
        expectError(abi.encodeWithSelector(IExchange.BatchMalformed.selector, batch.length + 1, batch.length));
        exchange.clear(long);
    }

    function test_SignedBytesCannotBeCutIntoOtherEntries() public {
        bytes memory batch = batchOf(voucherOf(lease, 4e6, 7));
        // One node less in the table, whose address would begin the entry.
        bytes memory cut = bytes.concat(slice(batch, 0, 38), hex"02", slice(batch, 39, batch.length - 64));
        require(batchIdOf(cut, 2) != batchIdOf(batch, 3), "the counts are not signed");
        (bool ok, ) = address(exchange).call(abi.encodeCall(IExchange.clear, (cut)));
        require(!ok || earned(nodes[0]) == 0, "paid");
    }

    function testFuzz_MalformedPackedCalldataMovesNothing(uint256 place, uint8 value) public {
        bytes memory batch = batchOf(voucherOf(lease, 4e6, 7));
        place = bound(place, 0, batch.length - 1);
        vm.assume(batch[place] != bytes1(value));
        batch[place] = bytes1(value);
        (bool ok, bytes memory reason) = address(exchange).call(abi.encodeCall(IExchange.clear, (batch)));
        require(ok || bytes4(reason) != bytes4(0x4e487b71), "panic");
        uint256 moved = FUNDS - exchange.leaseOf(leaseId).funds;
        // A flag byte other than 0 or 1 says the same as 1, and the high bit of a signature is its parity.
        require(moved == 0, "a changed byte moved money");
    }

    function testFuzz_AnyBytesEndInATypedReason(bytes calldata junk) public {
        (bool ok, bytes memory reason) = address(exchange).call(abi.encodeCall(IExchange.clear, (junk)));
        require(ok || (reason.length >= 4 && bytes4(reason) != bytes4(0x4e487b71)), "no reason");
    }

    function expectSkip(Voucher memory voucher, SkipReason reason) private {
        bytes memory batch = batchOf(voucher);
        vm.expectEmit();
        emit IExchange.EntrySkipped(batchIdOf(batch, 3), exchange.leaseIdOf(voucher.lease), 0, reason);
        exchange.clear(batch);
    }
}
