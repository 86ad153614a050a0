// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDraws} from "../../contracts/interfaces/IDraws.sol";
import {Lease} from "../../contracts/interfaces/IExchange.sol";
import {Tickets} from "../../contracts/Tickets.sol";
import {DrawTest} from "./DrawTest.sol";

/// Who is drawn, and how it is proved.
contract DrawnCommitteesTest is DrawTest {
    address[] private nobody;

    function setUp() public {
        setUpDraws();
    }

    function test_ADrawnCommitteeIsProved() public {
        Lease memory lease = drawnLease(3, 0);
        bytes32 leaseId = exchange.leaseIdOf(lease);
        require(!draws.isDrawn(leaseId), "drawn before it is proved");
        vm.expectEmit();
        emit IDraws.LeaseDrawn(leaseId, draws.committeeSubject(consumer, session, 0, 3));
        draws.proveCommittee(lease);
        require(draws.isDrawn(leaseId), "drawn");
    }

    function test_TheSubjectIsTheTermsHashedAsEip712Says() public view {
        bytes32 expected = keccak256(
            abi.encode(
                keccak256("Committee(address consumer,address sessionKey,bytes32 salt,uint256 size)"),
                consumer,
                session,
                MIX,
                uint256(5)
            )
        );
        require(draws.committeeSubject(consumer, session, MIX, 5) == expected, "subject");
    }

    function testFuzz_ACommitteeIsTheStakesDrawInAscendingOrder(bytes32 salt, uint8 seed) public {
        uint256 size = 1 + (seed % (OWNERS - 1));
        Lease memory lease = drawnLease(size, salt);
        bytes32 randomness = keccak256(abi.encode(MIX, draws.committeeSubject(consumer, session, salt, size)));
        address[] memory seats = staking.draw(randomness, size, BLOCK - 1, nobody);
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
        draws.request(draws.committeeSubject(consumer, session, 0, 3));
        bytes32 randomness = keccak256(abi.encode(MIX, draws.committeeSubject(consumer, session, 0, 3)));
        // In the block of the request, and when the beacon is known.
        for (uint256 i = 0; i < OWNERS; ++i) {
            vm.prank(ownerOf[nodes[i]]);
            staking.startUnbonding(nodes[i], (i + 1) * TICKET);
        }
        stakeTickets(newNode(0xBAD, stranger), 64);
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        stakeTickets(newNode(0xBAD2, address(0xBAD02)), 64);
        vm.roll(BLOCK + DELAY + 2);
        address[] memory drawn = draws.committeeOf(consumer, session, 0, 3);
        address[] memory seats = staking.draw(randomness, 3, BLOCK - 1, nobody);
        uint256 same = 0;
        for (uint256 i = 0; i < 9; ++i) if (drawn[i / 3] == seats[i % 3]) ++same;
        require(same == 3, "the committee changed");
        draws.proveCommittee(leaseOf(drawn, 0));
    }

    function test_AWrongCommitteeIsRefused() public {
        Lease memory lease = drawnLease(3, 0);
        bytes32 subject = draws.committeeSubject(consumer, session, 0, 3);
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
        bytes32 other = draws.committeeSubject(consumer, session, 0, 2);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DrawUnknown.selector, other));
        draws.proveCommittee(leaseOf(part, 0));
        lease.consumer = address(0xC1);
        other = draws.committeeSubject(address(0xC1), session, 0, 3);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DrawUnknown.selector, other));
        draws.proveCommittee(lease);
    }

    function test_BeforeItsBeaconNoCommitteeIsDrawn() public {
        bytes32 subject = draws.committeeSubject(consumer, session, 0, 3);
        draws.request(subject);
        vm.roll(BLOCK + DELAY + 1);
        vm.expectRevert(abi.encodeWithSelector(IDraws.BeaconNotRecorded.selector, subject, BLOCK + DELAY));
        draws.committeeOf(consumer, session, 0, 3);
        address[] memory wished = new address[](3);
        vm.expectRevert(abi.encodeWithSelector(IDraws.BeaconNotRecorded.selector, subject, BLOCK + DELAY));
        draws.proveCommittee(leaseOf(wished, 0));
    }

    function test_TheConsumersOwnNodesAreNotDrawn() public {
        // Of sixteen tickets fifteen are its own.
        vm.roll(BLOCK - 1);
        for (uint256 i = 0; i < 20; ++i) stakeTickets(newNode(0xC0FFEE + i, consumer), 64);
        vm.roll(BLOCK);
        Lease memory lease = drawnLease(3, 0);
        for (uint256 i = 0; i < 3; ++i) require(ownerOf[lease.nodes[i]] != consumer, "a node of its own");
    }

    function test_TooFewOwnersAreNoCommittee() public {
        draws.request(draws.committeeSubject(consumer, session, 0, 13));
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        vm.expectRevert(abi.encodeWithSelector(Tickets.TooFewOwners.selector, 13, 12, 1_024));
        draws.committeeOf(consumer, session, 0, 13);
    }

    function test_ReplaysChangeNothing() public {
        Lease memory lease = drawnLease(3, 0);
        draws.proveCommittee(lease);
        vm.recordLogs();
        draws.proveCommittee(lease);
        require(vm.getRecordedLogs().length == 0, "proved again");
        // The same nodes under another salt are another lease, which is not drawn.
        Lease memory again = leaseOf(lease.nodes, bytes32(uint256(1)));
        require(!draws.isDrawn(exchange.leaseIdOf(again)), "another lease is drawn by this one's proof");
        bytes32 subject = draws.committeeSubject(consumer, session, bytes32(uint256(1)), 3);
        vm.expectRevert(abi.encodeWithSelector(IDraws.DrawUnknown.selector, subject));
        draws.proveCommittee(again);
    }
}
