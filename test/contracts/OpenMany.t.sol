// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IExchange, Lease, LeaseOpening} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";
import {PackedOpenings} from "./PackedOpenings.sol";

/// A consumer that is a contract: it accepts one digest at a time by ERC-1271.
contract Wallet is IERC1271 {
    bytes32 private accepted;

    function accept(bytes32 digest) external {
        accepted = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return digest == accepted && signature.length == 65 ? this.isValidSignature.selector : bytes4(0);
    }
}

contract OpenManyTest is ExchangeTest {
    uint256 private constant CONSUMER_KEY = 0xC0;
    address[] private nodes;

    function setUp() public {
        consumer = vm.addr(CONSUMER_KEY);
        setUpExchange();
        nodes = newCommittee(3, 0);
    }

    function test_AnyoneOpensForASigningConsumer() public {
        LeaseOpening memory opening = openingOf(1, START);
        vm.prank(stranger);
        bytes32 leaseId = exchange.openSigned(opening);
        equal(exchange.leaseOf(leaseId).funds, FUNDS, "funds");
        equal(exchange.balanceOf(consumer), 9 * FUNDS, "account");
    }

    function test_NobodyOpensOtherTermsThanTheConsumerSigned() public {
        LeaseOpening memory opening = openingOf(1, START);
        bytes memory refused = abi.encodeWithSelector(IExchange.OpeningSignatureInvalid.selector, consumer);
        opening.amount += 1;
        expectError(refused);
        exchange.openSigned(opening);
        opening.amount -= 1;
        opening.expiry += 1;
        expectError(refused);
        exchange.openSigned(opening);
        opening.expiry -= 1;
        opening.lease.sessionKey = stranger;
        expectError(refused);
        exchange.openSigned(opening);
    }

    function test_SignedOpeningHasItsDayAndOpensOnce() public {
        LeaseOpening memory late = openingOf(1, START - 1);
        expectError(abi.encodeWithSelector(IExchange.SignatureExpired.selector, START - 1, START));
        exchange.openSigned(late);

        LeaseOpening memory opening = openingOf(1, START);
        bytes32 leaseId = exchange.openSigned(opening);
        expectError(abi.encodeWithSelector(IExchange.LeaseAlreadyOpened.selector, leaseId));
        exchange.openSigned(opening);
    }

    function test_ContractWalletOpensByErc1271() public {
        Lease memory lease = leaseOf(nodes);
        Wallet wallet = new Wallet();
        lease.consumer = address(wallet);
        LeaseOpening memory opening = signOpening(CONSUMER_KEY, lease, FUNDS, EXPIRY, START);
        wallet.accept(openingDigest(opening));
        fund(address(wallet), FUNDS);
        LeaseOpening[] memory batch = new LeaseOpening[](1);
        batch[0] = opening;
        exchange.openMany(PackedOpenings.pack(batch));
        equal(exchange.balanceOf(address(wallet)), FUNDS, "a contract is not asked within a batch");
        exchange.openSigned(opening);
        equal(exchange.balanceOf(address(wallet)), 0, "account");

        opening.lease.salt = RIGHT;
        expectError(abi.encodeWithSelector(IExchange.OpeningSignatureInvalid.selector, address(wallet)));
        exchange.openSigned(opening);
    }

    function test_OneBadOpeningInABigBatchIsSkippedWithItsReason() public {
        LeaseOpening[] memory openings = new LeaseOpening[](3);
        openings[0] = openingOf(1, START);
        openings[1] = openingOf(2, START);
        openings[1].amount += 1;
        openings[2] = openingOf(3, START);
        bytes32 skipped = exchange.leaseIdOf(openings[1].lease);
        vm.expectEmit();
        emit IExchange.OpeningSkipped(
            skipped,
            1,
            abi.encodeWithSelector(IExchange.OpeningSignatureInvalid.selector, consumer)
        );
        exchange.openMany(PackedOpenings.pack(openings));
        equal(exchange.leaseOf(exchange.leaseIdOf(openings[0].lease)).funds, FUNDS, "first");
        equal(exchange.leaseOf(skipped).funds, 0, "skipped");
        equal(exchange.leaseOf(exchange.leaseIdOf(openings[2].lease)).funds, FUNDS, "third");
        equal(exchange.balanceOf(consumer), 8 * FUNDS, "account");
    }

    function test_UnderfundedConsumerSkipsOnlyItself() public {
        LeaseOpening[] memory openings = new LeaseOpening[](11);
        for (uint256 i = 0; i < 11; ++i) openings[i] = openingOf(i, START);
        exchange.openMany(PackedOpenings.pack(openings));
        equal(exchange.balanceOf(consumer), 0, "account");
        equal(exchange.leaseOf(exchange.leaseIdOf(openings[10].lease)).funds, 0, "eleventh");
    }

    function test_OpeningsAreBounded() public {
        expectError(abi.encodeWithSelector(IExchange.TooManyOpenings.selector, 1_025, 1_024));
        exchange.openMany(bytes.concat(hex"00000401", new bytes(1_025 * 159)));
        bytes memory vast = bytes.concat(hex"04010000", new bytes(1_025 * 20));
        expectError(abi.encodeWithSelector(IExchange.BatchTooLarge.selector, 1_025, 1_024));
        exchange.openMany(vast);
    }

    function test_UnknownSeatAndImpossibleCommitteeAreSkipped() public {
        LeaseOpening[] memory openings = new LeaseOpening[](1);
        openings[0] = openingOf(1, START);
        bytes memory batch = PackedOpenings.pack(openings);
        // The last seat is the last two bytes.
        batch[batch.length - 1] = 0x03;
        expectSkip(batch, 0, abi.encodeWithSelector(IExchange.SeatUnknown.selector, 3, 3));

        bytes4 size = IExchange.CommitteeSizeOutOfRange.selector;
        openings[0].lease.nodes = new address[](0);
        expectSkip(PackedOpenings.pack(openings), 0, abi.encodeWithSelector(size, 0, 1, 16));
        openings[0].lease.nodes = new address[](17);
        expectSkip(PackedOpenings.pack(openings), 0, abi.encodeWithSelector(size, 17, 1, 16));
    }

    function test_APackedCommitteeIsCheckedAsALoneOne() public {
        Lease memory lease = leaseOf(nodes);
        lease.nodes[1] = lease.nodes[0];
        expectSameRefusal(lease, abi.encodeWithSelector(IExchange.CommitteeNotAscending.selector, nodes[0]));
        lease.nodes = new address[](1);
        lease.nodes[0] = stranger;
        expectSameRefusal(lease, abi.encodeWithSelector(IExchange.NodeUnknown.selector, stranger));

        address sybil = vm.addr(0x5B);
        keyOf[sybil] = 0x5B;
        address owner = ownerOf[nodes[0]];
        register(sybil, owner);
        lease.nodes = new address[](2);
        (lease.nodes[0], lease.nodes[1]) = sybil < nodes[0] ? (sybil, nodes[0]) : (nodes[0], sybil);
        expectSameRefusal(lease, abi.encodeWithSelector(IExchange.OwnerRepeated.selector, owner, lease.nodes[1]));
    }

    function test_ACommitteeOfSixteenIsOpenedPacked() public {
        LeaseOpening[] memory openings = new LeaseOpening[](2);
        openings[0] = openingOf(1, START);
        Lease memory lease = leaseOf(newCommittee(16, 1));
        openings[1] = signOpening(CONSUMER_KEY, lease, FUNDS, EXPIRY, START);
        exchange.openMany(PackedOpenings.pack(openings));
        equal(exchange.leaseOf(exchange.leaseIdOf(openings[0].lease)).funds, FUNDS, "of three");
        equal(exchange.leaseOf(exchange.leaseIdOf(lease)).funds, FUNDS, "of sixteen");
    }

    function test_MalformedPackedCalldataIsRefused() public {
        LeaseOpening[] memory openings = new LeaseOpening[](2);
        (openings[0], openings[1]) = (openingOf(1, START), openingOf(2, START));
        bytes memory batch = PackedOpenings.pack(openings);
        for (uint256 length = 0; length < batch.length; length += 5) {
            bytes memory data = abi.encodeCall(IExchange.openMany, (slice(batch, 0, length)));
            (bool ok, bytes memory reason) = address(exchange).call(data);
            require(!ok && bytes4(reason) == IExchange.BatchMalformed.selector, "shorter");
        }
        expectError(abi.encodeWithSelector(IExchange.BatchMalformed.selector, batch.length + 1, batch.length));
        exchange.openMany(bytes.concat(batch, hex"00"));
        equal(exchange.balanceOf(consumer), 10 * FUNDS, "account");
    }

    function testFuzz_MalformedPackedCalldataMovesNothing(uint256 place, uint8 value) public {
        LeaseOpening[] memory openings = new LeaseOpening[](1);
        openings[0] = openingOf(1, START);
        bytes memory batch = PackedOpenings.pack(openings);
        place = bound(place, 0, batch.length - 1);
        vm.assume(batch[place] != bytes1(value));
        batch[place] = bytes1(value);
        (bool ok, bytes memory reason) = address(exchange).call(abi.encodeCall(IExchange.openMany, (batch)));
        require(ok || bytes4(reason) != bytes4(0x4e487b71), "panic");
        equal(exchange.balanceOf(consumer), 10 * FUNDS, "account");
    }

    function testFuzz_AnyBytesEndInATypedReason(bytes calldata junk) public {
        (bool ok, bytes memory reason) = address(exchange).call(abi.encodeCall(IExchange.openMany, (junk)));
        require(ok || (reason.length >= 4 && bytes4(reason) != bytes4(0x4e487b71)), "no reason");
    }

    function expectSameRefusal(Lease memory lease, bytes memory reason) private {
        LeaseOpening[] memory openings = new LeaseOpening[](1);
        openings[0] = signOpening(CONSUMER_KEY, lease, FUNDS, EXPIRY, START);
        expectError(reason);
        exchange.openSigned(openings[0]);
        expectSkip(PackedOpenings.pack(openings), exchange.leaseIdOf(lease), reason);
    }

    function expectSkip(bytes memory batch, bytes32 leaseId, bytes memory reason) private {
        vm.expectEmit();
        emit IExchange.OpeningSkipped(leaseId, 0, reason);
        exchange.openMany(batch);
    }

    function openingOf(uint256 salt, uint40 validUntil) private view returns (LeaseOpening memory) {
        Lease memory lease = leaseOf(nodes);
        lease.salt = bytes32(salt);
        return signOpening(CONSUMER_KEY, lease, FUNDS, EXPIRY, validUntil);
    }
}
