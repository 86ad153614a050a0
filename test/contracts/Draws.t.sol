// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IDraws} from "../../contracts/interfaces/IDraws.sol";
import {Lease} from "../../contracts/interfaces/IExchange.sol";
import {DrawTest} from "./DrawTest.sol";

/// Requests, their beacons and their price.
contract DrawsTest is DrawTest {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    /// What EIP-2935 puts at that address. The chain of these tests has a contract there that only refuses.
    bytes private constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

    function setUp() public {
        setUpDraws();
    }

    function test_ConstructorBoundsTheDelayAndThePrice() public {
        vm.expectRevert(abi.encodeWithSelector(IDraws.DelayOutOfRange.selector, 1, 2, 4_096));
        this.deployDraws(1, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DelayOutOfRange.selector, 4_097, 2, 4_096));
        this.deployDraws(4_097, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IDraws.PriceOutOfRange.selector, 0, 1, 100e6));
        this.deployDraws(DELAY, 0);
        vm.expectRevert(abi.encodeWithSelector(IDraws.PriceOutOfRange.selector, 100e6 + 1, 1, 100e6));
        this.deployDraws(DELAY, 100e6 + 1);
        IDraws dear = this.deployDraws(4_096, 100e6);
        require(dear.PRICE() == 100e6 && dear.DELAY() == 4_096, "terms");
    }

    // Requests and beacons

    function test_RandomnessGrindingARequestFixesItsBeaconInTheFuture() public {
        bytes32 subject = keccak256("subject");
        require(draws.request(subject) == BLOCK + DELAY, "beacon block");
        vm.roll(BLOCK + 3);
        require(draws.request(subject) == BLOCK + DELAY, "a second request moves the beacon");
        // Randomness that is there already, or that comes before or after the beacon, decides nothing.
        for (uint256 number = BLOCK + DELAY - 2; number <= BLOCK + DELAY + 2; ++number) {
            vm.roll(number + 1);
            if (number == BLOCK + DELAY) continue;
            draws.record(makeBlock(number, keccak256(abi.encode(number))));
            requireDraw(subject, BLOCK, BLOCK + DELAY, 0);
        }
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        requireDraw(subject, BLOCK, BLOCK + DELAY, keccak256(abi.encode(MIX, subject)));
        require(draws.request(subject) == BLOCK + DELAY, "a request after the beacon moves it");
    }

    function test_ABeaconIsRecordedOnce() public {
        draws.request(keccak256("subject"));
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        vm.recordLogs();
        draws.record(makeBlock(BLOCK + DELAY, keccak256("another fork")));
        require(vm.getRecordedLogs().length == 0, "recorded again");
        require(draws.beaconOf(BLOCK + DELAY) == MIX, "beacon");
    }

    function test_OneBeaconGivesEverySubjectARandomnessOfItsOwn() public {
        draws.request(keccak256("one"));
        draws.request(keccak256("other"));
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        requireDraw(keccak256("one"), BLOCK, BLOCK + DELAY, keccak256(abi.encode(MIX, keccak256("one"))));
        requireDraw(keccak256("other"), BLOCK, BLOCK + DELAY, keccak256(abi.encode(MIX, keccak256("other"))));
        requireDraw(keccak256("never"), 0, 0, 0);
    }

    function test_AWrongHeaderIsRefused() public {
        uint256 number = BLOCK + 5;
        vm.roll(number + 1);
        bytes memory right = makeBlock(number, MIX);
        bytes memory wrong = headerOf(number, keccak256("chosen"));
        vm.expectRevert(
            abi.encodeWithSelector(IDraws.HeaderMismatch.selector, number, keccak256(right), keccak256(wrong))
        );
        draws.record(wrong);
        // With bytes behind it, it is another text of the same header.
        bytes memory longer = bytes.concat(right, hex"00");
        vm.expectRevert();
        draws.record(longer);
        vm.expectRevert(RLP.RLPInvalidEncoding.selector);
        draws.record("");
        bytes memory future = headerOf(number + 1, MIX);
        vm.expectRevert(abi.encodeWithSelector(IDraws.HeaderNotProvable.selector, number + 1, number + 1));
        draws.record(future);
        bytes memory old = makeBlock(number, MIX);
        vm.roll(number + 257);
        vm.expectRevert(abi.encodeWithSelector(IDraws.HeaderNotProvable.selector, number, number + 257));
        draws.record(old);
    }

    function testFuzz_NoChangedHeaderIsTaken(uint256 place, uint8 flip) public {
        vm.assume(flip != 0);
        uint256 number = BLOCK + 5;
        vm.roll(number + 1);
        bytes memory header = makeBlock(number, MIX);
        place %= header.length;
        header[place] = bytes1(uint8(header[place]) ^ flip);
        try draws.record(header) {
            revert("a changed header is taken");
        } catch {}
    }

    /// A chain before EIP-2935 answers nothing from there, and another contract at its address may answer anything.
    function test_AChainWithoutTheHistoryContractProvesNoOldBeacon() public {
        uint256 number = block.number;
        bytes memory header = headerOf(number, MIX);
        vm.roll(number + 257);
        bytes memory refusal = abi.encodeWithSelector(IDraws.HeaderNotProvable.selector, number, number + 257);
        bytes[2] memory answers = [bytes(""), abi.encode(keccak256(header), keccak256(header))];
        for (uint256 i = 0; i < answers.length; ++i) {
            vm.mockCall(HISTORY, "", answers[i]);
            vm.expectRevert(refusal);
            draws.record(header);
        }
        vm.mockCall(HISTORY, "", abi.encode(keccak256(header)));
        draws.record(header);
        require(draws.beaconOf(number) == MIX, "beacon");
    }

    function test_AChainWithoutRandomnessIsRefused() public {
        vm.roll(BLOCK + 1);
        bytes memory header = makeBlock(BLOCK, 0);
        vm.expectRevert(abi.encodeWithSelector(IDraws.BeaconZero.selector, BLOCK));
        draws.record(header);
    }

    function test_OnlyAMissedBeaconIsRequestedAgain() public {
        bytes32 missed = keccak256("missed");
        draws.request(missed);
        // The last block in which the hash of the beacon is known, without EIP-2935.
        vm.roll(BLOCK + DELAY + 256);
        bytes memory header = makeBlock(BLOCK + DELAY, MIX);
        require(draws.request(missed) == BLOCK + DELAY, "a beacon that can still be recorded was given up");
        uint256 later = BLOCK + DELAY + 257;
        vm.roll(later);
        require(draws.request(missed) == later + DELAY, "a missed beacon is waited for");
        requireDraw(missed, later, later + DELAY, 0);
        vm.expectRevert(abi.encodeWithSelector(IDraws.HeaderNotProvable.selector, BLOCK + DELAY, later));
        draws.record(header);
    }

    function test_ARecordedBeaconStandsForEver() public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        vm.roll(BLOCK + 1_000_000);
        require(draws.request(subject) == BLOCK + DELAY, "drawn again");
        requireDraw(subject, BLOCK, BLOCK + DELAY, keccak256(abi.encode(MIX, subject)));
    }

    function test_ABeaconBeyondTheOpcodeIsProvedByTheHistoryContract() public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        bytes memory header = headerOf(BLOCK + DELAY, MIX);
        vm.etch(HISTORY, HISTORY_CODE);
        vm.store(HISTORY, bytes32((BLOCK + DELAY) % 8_191), keccak256(header));
        uint256 last = BLOCK + DELAY + 8_191;
        vm.roll(last + 1);
        vm.expectRevert(abi.encodeWithSelector(IDraws.HeaderNotProvable.selector, BLOCK + DELAY, last + 1));
        draws.record(header);
        vm.roll(last);
        require(draws.request(subject) == BLOCK + DELAY, "a beacon that can still be recorded was given up");
        draws.record(header);
        requireDraw(subject, BLOCK, BLOCK + DELAY, keccak256(abi.encode(MIX, subject)));
    }

    /// Others took the time of a block for chance, which whoever makes the block chooses.
    function testFuzz_TimestampIsNoRandomness(uint32 later) public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        vm.roll(BLOCK + DELAY + 1);
        bytes memory header = makeBlock(BLOCK + DELAY, MIX);
        vm.warp(block.timestamp + later);
        draws.record(header);
        requireDraw(subject, BLOCK, BLOCK + DELAY, keccak256(abi.encode(MIX, subject)));
    }

    // Prices

    function test_ADrawCostsItsPriceWhichDripsToTheHoldersOfShares() public {
        uint256 worth = vault.convertToAssets(1e18);
        draws.request(keccak256("subject"));
        equal(token.balanceOf(address(this)), 1_000e6 - PRICE, "caller");
        equal(token.balanceOf(address(draws)), 0, "nothing stays");
        equal(vault.convertToAssets(1e18), worth, "worth of a share when it is paid");
        equal(vault.harvest(), PRICE, "profit");
        equal(vault.convertToAssets(1e18), worth, "worth of a share when it comes in");
        vm.warp(block.timestamp + 7 days);
        require(vault.convertToAssets(1e18) > worth, "worth of a share once it has dripped");
    }

    /// What a deposit, back when the lease is opened, would give back to who opens leases of one unit.
    function test_RandomnessGrindingEveryDrawIsPaidUsedOrNot() public {
        uint256 salts = 20;
        for (uint256 salt = 0; salt < salts; ++salt) {
            draws.request(draws.committeeSubject(consumer, session, bytes32(salt), 3));
        }
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        for (uint256 salt = 0; salt < salts; ++salt) {
            Lease memory lease = leaseOf(draws.committeeOf(consumer, session, bytes32(salt), 3), bytes32(salt));
            vm.prank(consumer);
            exchange.open(lease, 1, EXPIRY);
            draws.proveCommittee(lease);
        }
        equal(token.balanceOf(address(this)), 1_000e6 - salts * PRICE, "caller");
        equal(vault.harvest(), salts * PRICE, "profit");
    }

    function test_ARequestThatStandsCostsNothing() public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        draws.request(subject);
        vm.prank(stranger);
        draws.request(subject);
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        draws.request(subject);
        equal(token.balanceOf(address(this)), 1_000e6 - PRICE, "caller");
    }

    /// Else it would pay to leave a beacon that one does not like unrecorded.
    function test_AMissedBeaconIsPaidAnew() public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        vm.roll(BLOCK + DELAY + 257);
        draws.request(subject);
        equal(token.balanceOf(address(this)), 1_000e6 - 2 * PRICE, "caller");
    }

    function test_TheCourtDrawsForFreeAndNobodyElse() public {
        vm.prank(court);
        draws.request(keccak256("jury"));
        requireDraw(keccak256("jury"), BLOCK, BLOCK + DELAY, 0);
        token.mint(stranger, PRICE);
        bytes memory refusal = abi.encodeWithSelector(
            IERC20Errors.ERC20InsufficientAllowance.selector,
            address(draws),
            0,
            PRICE
        );
        vm.expectRevert(refusal);
        vm.prank(stranger);
        draws.request(keccak256("committee"));
        requireDraw(keccak256("committee"), 0, 0, 0);
        vm.prank(stranger);
        token.approve(address(draws), PRICE);
        vm.prank(stranger);
        draws.request(keccak256("committee"));
        requireDraw(keccak256("committee"), BLOCK, BLOCK + DELAY, 0);
    }
}
