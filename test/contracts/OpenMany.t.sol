// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IExchange, Lease, LeaseOpening} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

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
        exchange.openMany(batch);
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
        exchange.openMany(openings);
        equal(exchange.leaseOf(exchange.leaseIdOf(openings[0].lease)).funds, FUNDS, "first");
        equal(exchange.leaseOf(skipped).funds, 0, "skipped");
        equal(exchange.leaseOf(exchange.leaseIdOf(openings[2].lease)).funds, FUNDS, "third");
        equal(exchange.balanceOf(consumer), 8 * FUNDS, "account");
    }

    function test_UnderfundedConsumerSkipsOnlyItself() public {
        LeaseOpening[] memory openings = new LeaseOpening[](11);
        for (uint256 i = 0; i < 11; ++i) openings[i] = openingOf(i, START);
        exchange.openMany(openings);
        equal(exchange.balanceOf(consumer), 0, "account");
        equal(exchange.leaseOf(exchange.leaseIdOf(openings[10].lease)).funds, 0, "eleventh");
    }

    function test_OpeningsAreBounded() public {
        expectError(abi.encodeWithSelector(IExchange.TooManyOpenings.selector, 1_025, 1_024));
        exchange.openMany(new LeaseOpening[](1_025));
    }

    function openingOf(uint256 salt, uint40 validUntil) private view returns (LeaseOpening memory) {
        Lease memory lease = leaseOf(nodes);
        lease.salt = bytes32(salt);
        return signOpening(CONSUMER_KEY, lease, FUNDS, EXPIRY, validUntil);
    }
}
