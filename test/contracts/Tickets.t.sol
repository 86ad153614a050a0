// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Tickets} from "../../contracts/Tickets.sol";
import {Vm} from "./Vm.sol";

/// Gives the library a storage of its own and calls of its own, so that its reverts can be expected.
contract TicketsHarness {
    using Tickets for Tickets.Pool;

    Tickets.Pool private pool;

    function set(address node, address owner, uint256 tickets) external {
        pool.set(node, owner, tickets);
    }

    function ticketsOf(address node) external view returns (uint256) {
        return pool.ticketsOf(node);
    }

    function total() external view returns (uint256) {
        return pool.total();
    }

    /// Who holds which ticket at the end of a block.
    function holdersAt(uint256 atBlock) external view returns (address[] memory holders) {
        holders = new address[](pool.totalAt(atBlock));
        for (uint256 i = 0; i < holders.length; ++i) holders[i] = pool.holderAt(i, atBlock);
    }

    function draw(
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] memory excludedOwners
    ) external view returns (address[] memory) {
        return pool.draw(randomness, seats, atBlock, excludedOwners);
    }
}

contract TicketsTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant START = 100;
    uint256 private constant FUZZ_NODES = 5;
    uint256 private constant FUZZ_CHANGES = 16;
    address[] private nobody;

    TicketsHarness private tickets;

    /// What a pool must be after each block, kept the plainest way: how many tickets each node has.
    mapping(uint256 atBlock => mapping(address node => uint256)) private modelAt;
    mapping(address node => uint256) private model;
    mapping(uint256 atBlock => bytes32 hash) private holdersHashAt;
    mapping(uint256 atBlock => bytes32 hash) private drawnHashAt;
    mapping(address node => uint256) private seated;

    function setUp() public {
        vm.roll(START);
        tickets = new TicketsHarness();
    }

    // The array and its history

    function testFuzz_ArrayAndHistoriesAgreeWithANaiveModel(uint256 seed) public {
        uint256 current = START;
        for (uint256 i = 0; i < FUZZ_CHANGES; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            address node = nodeOf(chance % FUZZ_NODES);
            model[node] = (chance >> 8) % 8;
            tickets.set(node, ownerOf(node), model[node]);
            uint256 next = current + ((chance >> 16) % 3);
            for (; current < next; ++current) {
                remember(current);
                vm.roll(current + 1);
            }
        }
        remember(current);
        vm.roll(current + 1);
        for (uint256 atBlock = START; atBlock <= current; ++atBlock) requireAsModelled(atBlock);
    }

    function remember(uint256 atBlock) private {
        for (uint256 i = 0; i < FUZZ_NODES; ++i) modelAt[atBlock][nodeOf(i)] = model[nodeOf(i)];
        holdersHashAt[atBlock] = keccak256(abi.encode(tickets.holdersAt(atBlock)));
    }

    function requireAsModelled(uint256 atBlock) private {
        address[] memory holders = tickets.holdersAt(atBlock);
        require(holdersHashAt[atBlock] == keccak256(abi.encode(holders)), "the past changed");
        for (uint256 i = 0; i < FUZZ_NODES; ++i) seated[nodeOf(i)] = 0;
        for (uint256 i = 0; i < holders.length; ++i) ++seated[holders[i]];
        uint256 sum = 0;
        for (uint256 i = 0; i < FUZZ_NODES; ++i) {
            address node = nodeOf(i);
            require(seated[node] == modelAt[atBlock][node], "tickets of a node in the past");
            require(tickets.ticketsOf(node) == model[node], "tickets of a node now");
            sum += modelAt[atBlock][node];
        }
        require(sum == holders.length, "total");
    }

    function test_TicketsOfANodeAreBounded() public {
        address node = nodeOf(0);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TicketsOutOfRange.selector, node, 65, 64));
        tickets.set(node, ownerOf(node), 65);
        tickets.set(node, ownerOf(node), 64);
        require(tickets.ticketsOf(node) == 64 && tickets.total() == 64, "64 tickets");
    }

    function test_AnOwnerIsNamedOnceAndForEver() public {
        address node = nodeOf(0);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TicketOwnerZero.selector, node));
        tickets.set(node, address(0), 1);
        tickets.set(node, ownerOf(node), 1);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TicketOwnerFixed.selector, node, ownerOf(node)));
        tickets.set(node, address(1), 2);
        tickets.set(node, ownerOf(node), 0);
        require(tickets.total() == 0, "total");
    }

    // Draws

    function testFuzz_LaterStakeChangesNoDraw(bytes32 randomness, uint256 seed) public {
        give(8, 3);
        vm.roll(START + 1);
        bytes32 before = keccak256(abi.encode(tickets.draw(randomness, 4, START, nobody)));
        for (uint256 i = 0; i < FUZZ_CHANGES; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            address node = nodeOf(chance % 12);
            tickets.set(node, ownerOf(node), (chance >> 8) % 20);
            vm.roll(START + 1 + i);
            require(keccak256(abi.encode(tickets.draw(randomness, 4, START, nobody))) == before, "the draw changed");
        }
    }

    function test_OnlyAnEndedBlockIsDrawnFrom() public {
        give(3, 1);
        vm.expectRevert(abi.encodeWithSelector(Tickets.DrawNotPast.selector, START, START));
        tickets.draw(bytes32(0), 1, START, nobody);
        vm.expectRevert(abi.encodeWithSelector(Tickets.DrawNotPast.selector, type(uint256).max, START));
        tickets.draw(bytes32(0), 1, type(uint256).max, nobody);
    }

    function testFuzz_SeatsAreOfDistinctOwnersAndOfNoExcluded(bytes32 randomness, uint8 size) public {
        uint256 seats = 1 + (size % 8);
        // Two nodes an owner, 20 of them, so that half of what is drawn twice is another node of a seated owner.
        for (uint256 i = 0; i < 20; ++i) tickets.set(nodeOf(i), ownerOf(nodeOf(i / 2)), 1 + (i % 5));
        address[] memory excluded = new address[](2);
        excluded[0] = ownerOf(nodeOf(0));
        excluded[1] = ownerOf(nodeOf(1));
        vm.roll(START + 1);
        address[] memory drawn = tickets.draw(randomness, seats, START, excluded);
        require(drawn.length == seats, "seats");
        for (uint256 i = 0; i < seats; ++i) {
            uint256 pair = pairOf(drawn[i]);
            require(pair > 1, "an excluded owner is seated");
            for (uint256 j = 0; j < i; ++j) require(pairOf(drawn[j]) != pair, "an owner is seated twice");
        }
    }

    /// Owners whose lowest bytes are equal meet in the filter and are told apart all the same.
    function test_OwnersThatLookAlikeAreToldApart() public {
        for (uint160 i = 1; i <= 4; ++i) tickets.set(nodeOf(i), address((i << 8) | 7), 3);
        vm.roll(START + 1);
        require(tickets.draw(keccak256("alike"), 4, START, nobody).length == 4, "seats");
    }

    function test_TooFewOwnersAreRefused() public {
        vm.roll(START + 1);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TooFewOwners.selector, 1, 0, 0));
        tickets.draw(bytes32(0), 1, START, nobody);
        for (uint256 i = 0; i < 6; ++i) tickets.set(nodeOf(i), ownerOf(nodeOf(i / 3)), 10);
        vm.roll(START + 2);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TooFewOwners.selector, 3, 2, 1_024));
        tickets.draw(bytes32(0), 3, START + 1, nobody);
        vm.expectRevert(abi.encodeWithSelector(Tickets.SeatsOutOfRange.selector, 0, 1, 128));
        tickets.draw(bytes32(0), 0, START + 1, nobody);
        vm.expectRevert(abi.encodeWithSelector(Tickets.SeatsOutOfRange.selector, 129, 1, 128));
        tickets.draw(bytes32(0), 129, START + 1, nobody);
    }

    /// 2,000 draws of one seat among 1 + 2 + 4 + 8 + 16 tickets. A node's share of seats is within four standard
    /// deviations of its share of tickets; splitting stake over more nodes would change nothing but their names.
    function test_SeatsFollowStake() public {
        uint256 draws = 2_000;
        for (uint256 i = 0; i < 5; ++i) tickets.set(nodeOf(i), ownerOf(nodeOf(i)), 2 ** i);
        vm.roll(START + 1);
        for (uint256 i = 0; i < draws; ++i) ++seated[tickets.draw(keccak256(abi.encode(i)), 1, START, nobody)[0]];
        for (uint256 i = 0; i < 5; ++i) {
            uint256 expected = (draws * 2 ** i * 1_000) / 31;
            uint256 actual = seated[nodeOf(i)] * 1_000;
            uint256 off = actual > expected ? actual - expected : expected - actual;
            uint256 variance = (expected * (31 - 2 ** i)) / 31 / 1_000;
            require(off * off <= 16 * variance * 1e6, "a node is drawn more or less often than its stake says");
        }
    }

    /// Sorted by the second seat alone: among the rest it is by stake again, whoever has the first.
    function test_LaterSeatsFollowTheStakeOfTheRest() public {
        uint256 draws = 2_000;
        tickets.set(nodeOf(0), ownerOf(nodeOf(0)), 60);
        tickets.set(nodeOf(1), ownerOf(nodeOf(1)), 10);
        tickets.set(nodeOf(2), ownerOf(nodeOf(2)), 30);
        address[] memory excluded = new address[](1);
        excluded[0] = ownerOf(nodeOf(0));
        vm.roll(START + 1);
        for (uint256 i = 0; i < draws; ++i) ++seated[tickets.draw(keccak256(abi.encode(i)), 1, START, excluded)[0]];
        // A quarter of 2,000 is 500, four standard deviations are 77.
        require(seated[nodeOf(0)] == 0 && seated[nodeOf(1)] >= 423 && seated[nodeOf(1)] <= 577, "shares of the rest");
    }

    function give(uint256 nodes, uint256 each) private {
        for (uint256 i = 0; i < nodes; ++i) tickets.set(nodeOf(i), ownerOf(nodeOf(i)), each);
    }

    /// The owner's number of one of the 20 nodes of 10 owners.
    function pairOf(address node) private pure returns (uint256) {
        for (uint256 i = 0; i < 20; ++i) if (nodeOf(i) == node) return i / 2;
        revert("a node without tickets is seated");
    }

    function nodeOf(uint256 i) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("node", i)))));
    }

    function ownerOf(address node) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("owner", node)))));
    }
}

/// What draws and changes cost with everything cold, as in a transaction of their own. A change that is meant changes
/// the numbers here.
contract TicketsGasTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant START = 100;
    uint256 private constant OWNERS = 150;
    address[] private nobody;

    TicketsHarness private tickets;

    function setUp() public {
        vm.roll(START);
        tickets = new TicketsHarness();
        for (uint160 i = 1; i <= OWNERS; ++i) tickets.set(address(i << 16), address(i << 8), 1 + (i % 16));
        vm.roll(START + 1);
    }

    function test_GasOfACommitteeOfThree() public view {
        requireDraw(3, 40_000);
    }

    function test_GasOfAJuryOf31() public view {
        requireDraw(31, 394_200);
    }

    function test_GasOfAJuryOf101() public view {
        requireDraw(101, 2_414_000);
    }

    /// One owner has nearly everything, so every attempt is made, each at a ticket not seen before; it still fits a
    /// transaction.
    function test_GasOfTheWorstDraw() public {
        tickets = new TicketsHarness();
        for (uint160 i = 1; i <= 300; ++i) tickets.set(address(i), address(1), 64);
        vm.roll(START + 2);
        vm.cool(address(tickets));
        uint256 gas = gasleft();
        try tickets.draw(bytes32(0), 2, START + 1, nobody) returns (address[] memory) {
            revert("an owner is seated twice");
        } catch {}
        requireNear(gas - gasleft(), 6_530_000);
    }

    function test_GasOfAFirstTicket() public {
        uint256 gas = gasleft();
        tickets.set(address(1), address(2), 1);
        requireNear(gas - gasleft(), 148_200);
    }

    function test_GasOf16Tickets() public {
        uint256 gas = gasleft();
        tickets.set(address(1), address(2), 16);
        requireNear(gas - gasleft(), 855_300);
    }

    function test_GasOfGivingUp16Tickets() public {
        uint256 gas = gasleft();
        tickets.set(address(15 << 16), address(15 << 8), 0);
        requireNear(gas - gasleft(), 689_400);
    }

    function requireDraw(uint256 seats, uint256 expected) private view {
        uint256 gas = gasleft();
        tickets.draw(keccak256("randomness"), seats, START, nobody);
        requireNear(gas - gasleft(), expected);
    }

    function requireNear(uint256 gas, uint256 expected) private pure {
        require(
            gas <= (expected * 101) / 100 && gas >= (expected * 99) / 100,
            string.concat("gas: ", Strings.toString(gas))
        );
    }
}
