// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Draws} from "../../contracts/Draws.sol";
import {IDraws} from "../../contracts/interfaces/IDraws.sol";
import {Lease} from "../../contracts/interfaces/IExchange.sol";
import {Tickets} from "../../contracts/Tickets.sol";
import {LeaseTerms, LeaseType} from "../../contracts/types/LeaseType.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {FakeStaking} from "./FakeStaking.sol";
import {Vm} from "./Vm.sol";

contract DrawsTest {
    using RLP for RLP.Encoder;

    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant START = 1_000;
    uint256 private constant DELAY = 8;
    uint256 private constant OWNERS = 12;
    address private constant CONSUMER = address(0xC0);
    address private constant SESSION = address(0x5E55);
    bytes32 private constant MIX = keccak256("randomness of the chain");
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    /// What EIP-2935 puts at that address. The chain of these tests has a contract there that only refuses.
    bytes private constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";
    address[] private nobody;

    FakeStaking private staking;
    Draws private draws;

    function setUp() public {
        vm.roll(START - 1);
        staking = new FakeStaking();
        draws = new Draws(IStaking(address(staking)), DELAY);
        for (uint160 i = 1; i <= OWNERS; ++i) staking.setTickets(nodeOf(i), ownerOf(i), i);
        vm.roll(START);
    }

    function test_ConstructorBoundsTheDelay() public {
        vm.expectRevert(abi.encodeWithSelector(IDraws.DelayOutOfRange.selector, 1, 2, 4_096));
        new Draws(IStaking(address(staking)), 1);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DelayOutOfRange.selector, 4_097, 2, 4_096));
        new Draws(IStaking(address(staking)), 4_097);
    }

    // Requests and beacons

    function test_RandomnessGrindingARequestFixesItsBeaconInTheFuture() public {
        bytes32 subject = keccak256("subject");
        require(draws.request(subject) == START + DELAY, "beacon block");
        vm.roll(START + 3);
        require(draws.request(subject) == START + DELAY, "a second request moves the beacon");
        // Randomness that is there already, or that comes before or after the beacon, decides nothing.
        for (uint256 number = START + DELAY - 2; number <= START + DELAY + 2; ++number) {
            vm.roll(number + 1);
            if (number == START + DELAY) continue;
            draws.record(makeBlock(number, keccak256(abi.encode(number))));
            requireDraw(subject, START, START + DELAY, 0);
        }
        draws.record(makeBlock(START + DELAY, MIX));
        requireDraw(subject, START, START + DELAY, keccak256(abi.encode(MIX, subject)));
        require(draws.request(subject) == START + DELAY, "a request after the beacon moves it");
    }

    function test_ABeaconIsRecordedOnce() public {
        draws.request(keccak256("subject"));
        vm.roll(START + DELAY + 1);
        draws.record(makeBlock(START + DELAY, MIX));
        vm.recordLogs();
        draws.record(makeBlock(START + DELAY, keccak256("another fork")));
        require(vm.getRecordedLogs().length == 0, "recorded again");
        require(draws.beaconOf(START + DELAY) == MIX, "beacon");
    }

    function test_OneBeaconGivesEverySubjectARandomnessOfItsOwn() public {
        draws.request(keccak256("one"));
        draws.request(keccak256("other"));
        vm.roll(START + DELAY + 1);
        draws.record(makeBlock(START + DELAY, MIX));
        requireDraw(keccak256("one"), START, START + DELAY, keccak256(abi.encode(MIX, keccak256("one"))));
        requireDraw(keccak256("other"), START, START + DELAY, keccak256(abi.encode(MIX, keccak256("other"))));
        requireDraw(keccak256("never"), 0, 0, 0);
    }

    function test_AWrongHeaderIsRefused() public {
        uint256 number = START + 5;
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
        uint256 number = START + 5;
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
        vm.roll(START + 1);
        bytes memory header = makeBlock(START, 0);
        vm.expectRevert(abi.encodeWithSelector(IDraws.BeaconZero.selector, START));
        draws.record(header);
    }

    function test_OnlyAMissedBeaconIsRequestedAgain() public {
        bytes32 missed = keccak256("missed");
        draws.request(missed);
        // The last block in which the hash of the beacon is known, without EIP-2935.
        vm.roll(START + DELAY + 256);
        bytes memory header = makeBlock(START + DELAY, MIX);
        require(draws.request(missed) == START + DELAY, "a beacon that can still be recorded was given up");
        uint256 later = START + DELAY + 257;
        vm.roll(later);
        require(draws.request(missed) == later + DELAY, "a missed beacon is waited for");
        requireDraw(missed, later, later + DELAY, 0);
        vm.expectRevert(abi.encodeWithSelector(IDraws.HeaderNotProvable.selector, START + DELAY, later));
        draws.record(header);
    }

    function test_ARecordedBeaconStandsForEver() public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        vm.roll(START + DELAY + 1);
        draws.record(makeBlock(START + DELAY, MIX));
        vm.roll(START + 1_000_000);
        require(draws.request(subject) == START + DELAY, "drawn again");
        requireDraw(subject, START, START + DELAY, keccak256(abi.encode(MIX, subject)));
    }

    function test_ABeaconBeyondTheOpcodeIsProvedByTheHistoryContract() public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        bytes memory header = headerOf(START + DELAY, MIX);
        vm.etch(HISTORY, HISTORY_CODE);
        vm.store(HISTORY, bytes32((START + DELAY) % 8_191), keccak256(header));
        uint256 last = START + DELAY + 8_191;
        vm.roll(last + 1);
        vm.expectRevert(abi.encodeWithSelector(IDraws.HeaderNotProvable.selector, START + DELAY, last + 1));
        draws.record(header);
        vm.roll(last);
        require(draws.request(subject) == START + DELAY, "a beacon that can still be recorded was given up");
        draws.record(header);
        requireDraw(subject, START, START + DELAY, keccak256(abi.encode(MIX, subject)));
    }

    // Committees

    /// Others took the time of a block for chance, which whoever makes the block chooses.
    function testFuzz_TimestampIsNoRandomness(uint32 later) public {
        bytes32 subject = keccak256("subject");
        draws.request(subject);
        vm.roll(START + DELAY + 1);
        bytes memory header = makeBlock(START + DELAY, MIX);
        vm.warp(block.timestamp + later);
        draws.record(header);
        requireDraw(subject, START, START + DELAY, keccak256(abi.encode(MIX, subject)));
    }

    function test_ADrawnCommitteeIsProved() public {
        Lease memory lease = drawnLease(3, 0);
        bytes32 leaseId = leaseIdOf(lease);
        require(!draws.isDrawn(leaseId), "drawn before it is proved");
        vm.expectEmit();
        emit IDraws.LeaseDrawn(leaseId, draws.committeeSubject(CONSUMER, SESSION, 0, 3));
        draws.proveCommittee(lease);
        require(draws.isDrawn(leaseId), "drawn");
    }

    function test_TheSubjectIsTheTermsHashedAsEip712Says() public view {
        bytes32 expected = keccak256(
            abi.encode(
                keccak256("Committee(address consumer,address sessionKey,bytes32 salt,uint256 size)"),
                CONSUMER,
                SESSION,
                MIX,
                uint256(5)
            )
        );
        require(draws.committeeSubject(CONSUMER, SESSION, MIX, 5) == expected, "subject");
    }

    function testFuzz_ACommitteeIsTheStakesDrawInAscendingOrder(bytes32 salt, uint8 seed) public {
        uint256 size = 1 + (seed % (OWNERS - 1));
        Lease memory lease = drawnLease(size, salt);
        bytes32 randomness = keccak256(abi.encode(MIX, draws.committeeSubject(CONSUMER, SESSION, salt, size)));
        address[] memory seats = staking.draw(randomness, size, START - 1, nobody);
        require(lease.nodes.length == size, "size");
        for (uint256 i = 0; i < size; ++i) {
            require(i == 0 || lease.nodes[i - 1] < lease.nodes[i], "not ascending");
            bool seated = false;
            for (uint256 j = 0; j < size; ++j) seated = seated || seats[j] == lease.nodes[i];
            require(seated, "a node that was not drawn");
        }
        draws.proveCommittee(lease);
    }

    function test_LaterStakeChangesNothing() public {
        draws.request(draws.committeeSubject(CONSUMER, SESSION, 0, 3));
        bytes32 randomness = keccak256(abi.encode(MIX, draws.committeeSubject(CONSUMER, SESSION, 0, 3)));
        // In the block of the request, and when the beacon is known.
        for (uint160 i = 1; i <= OWNERS; ++i) staking.setTickets(nodeOf(i), ownerOf(i), 0);
        staking.setTickets(address(0xBAD), address(0xBAD0), 64);
        vm.roll(START + DELAY + 1);
        draws.record(makeBlock(START + DELAY, MIX));
        staking.setTickets(address(0xBAD2), address(0xBAD02), 64);
        vm.roll(START + DELAY + 2);
        address[] memory nodes = draws.committeeOf(CONSUMER, SESSION, 0, 3);
        address[] memory seats = staking.draw(randomness, 3, START - 1, nobody);
        uint256 same = 0;
        for (uint256 i = 0; i < 9; ++i) if (nodes[i / 3] == seats[i % 3]) ++same;
        require(same == 3, "the committee changed");
        draws.proveCommittee(leaseOf(nodes, 0));
    }

    function test_AWrongCommitteeIsRefused() public {
        Lease memory lease = drawnLease(3, 0);
        bytes32 subject = draws.committeeSubject(CONSUMER, SESSION, 0, 3);
        for (uint256 seat = 0; seat < 3; ++seat) {
            address right = lease.nodes[seat];
            lease.nodes[seat] = address(uint160(right) + 1);
            vm.expectRevert(
                abi.encodeWithSelector(IDraws.CommitteeNotDrawn.selector, subject, seat, right, lease.nodes[seat])
            );
            draws.proveCommittee(lease);
            lease.nodes[seat] = right;
        }
        // A part of the committee, or other terms, are other subjects.
        address[] memory part = new address[](2);
        (part[0], part[1]) = (lease.nodes[0], lease.nodes[1]);
        bytes32 other = draws.committeeSubject(CONSUMER, SESSION, 0, 2);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DrawUnknown.selector, other));
        draws.proveCommittee(leaseOf(part, 0));
        lease.consumer = address(0xC1);
        other = draws.committeeSubject(address(0xC1), SESSION, 0, 3);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DrawUnknown.selector, other));
        draws.proveCommittee(lease);
    }

    function test_BeforeItsBeaconNoCommitteeIsDrawn() public {
        bytes32 subject = draws.committeeSubject(CONSUMER, SESSION, 0, 3);
        draws.request(subject);
        vm.roll(START + DELAY + 1);
        vm.expectRevert(abi.encodeWithSelector(IDraws.BeaconNotRecorded.selector, subject, START + DELAY));
        draws.committeeOf(CONSUMER, SESSION, 0, 3);
        address[] memory nodes = new address[](3);
        vm.expectRevert(abi.encodeWithSelector(IDraws.BeaconNotRecorded.selector, subject, START + DELAY));
        draws.proveCommittee(leaseOf(nodes, 0));
    }

    function test_TheConsumersOwnNodesAreNotDrawn() public {
        // All but one ticket in a thousand are its own.
        vm.roll(START - 1);
        for (uint160 i = 100; i < 120; ++i) staking.setTickets(address(i << 8), CONSUMER, 64);
        vm.roll(START);
        Lease memory lease = drawnLease(3, 0);
        for (uint256 i = 0; i < 3; ++i) require(lease.nodes[i] <= nodeOf(uint160(OWNERS)), "a node of its own");
    }

    function test_TooFewOwnersAreNoCommittee() public {
        draws.request(draws.committeeSubject(CONSUMER, SESSION, 0, 13));
        vm.roll(START + DELAY + 1);
        draws.record(makeBlock(START + DELAY, MIX));
        vm.expectRevert(abi.encodeWithSelector(Tickets.TooFewOwners.selector, 13, 12, 1_024));
        draws.committeeOf(CONSUMER, SESSION, 0, 13);
    }

    function test_ReplaysChangeNothing() public {
        Lease memory lease = drawnLease(3, 0);
        draws.proveCommittee(lease);
        vm.recordLogs();
        draws.proveCommittee(lease);
        require(vm.getRecordedLogs().length == 0, "proved again");
        // The same nodes under another salt are another lease, which is not drawn.
        Lease memory again = leaseOf(lease.nodes, bytes32(uint256(1)));
        require(!draws.isDrawn(leaseIdOf(again)), "another lease is drawn by this one's proof");
        bytes32 subject = draws.committeeSubject(CONSUMER, SESSION, bytes32(uint256(1)), 3);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DrawUnknown.selector, subject));
        draws.proveCommittee(again);
    }

    // Hands

    /// Requests the committee now, and lets its beacon be recorded.
    function drawnLease(uint256 size, bytes32 salt) private returns (Lease memory) {
        draws.request(draws.committeeSubject(CONSUMER, SESSION, salt, size));
        vm.roll(START + DELAY + 1);
        draws.record(makeBlock(START + DELAY, MIX));
        return leaseOf(draws.committeeOf(CONSUMER, SESSION, salt, size), salt);
    }

    function leaseOf(address[] memory nodes, bytes32 salt) private pure returns (Lease memory) {
        return Lease({consumer: CONSUMER, sessionKey: SESSION, salt: salt, nodes: nodes});
    }

    function leaseIdOf(Lease memory lease) private pure returns (bytes32) {
        return
            LeaseType.hash(
                LeaseTerms(
                    LeaseType.TYPE_HASH,
                    lease.consumer,
                    lease.sessionKey,
                    lease.salt,
                    LeaseType.hashNodes(lease.nodes)
                )
            );
    }

    /// The header of a block of this chain.
    function makeBlock(uint256 number, bytes32 prevrandao) private returns (bytes memory header) {
        header = headerOf(number, prevrandao);
        vm.setBlockhash(number, keccak256(header));
    }

    /// The fields of a header since Prague, of a block without transactions.
    function headerOf(uint256 number, bytes32 prevrandao) private pure returns (bytes memory) {
        bytes32 any = keccak256(abi.encode("block", number));
        RLP.Encoder memory list = RLP.encoder();
        list.push(any).push(any).push(address(1)).push(any).push(any).push(any).push(new bytes(256));
        list.push(uint256(0)).push(number).push(uint256(30_000_000)).push(uint256(0)).push(number * 12);
        list.push(bytes("extra")).push(prevrandao).push(bytes.concat(bytes8(0))).push(uint256(7)).push(any);
        list.push(uint256(0)).push(uint256(0)).push(any).push(any);
        return list.encode();
    }

    function requireDraw(bytes32 subject, uint256 since, uint256 beaconBlock, bytes32 expected) private view {
        (uint256 requestedAt, uint256 beacon, bytes32 randomness) = draws.drawOf(subject);
        require(requestedAt == since && beacon == beaconBlock && randomness == expected, "draw");
    }

    function nodeOf(uint160 i) private pure returns (address) {
        return address(i * 0x0101);
    }

    function ownerOf(uint160 i) private pure returns (address) {
        return address(0xABC000 + i);
    }
}
