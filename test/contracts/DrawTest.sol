// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IDraws} from "../../contracts/interfaces/IDraws.sol";
import {Lease} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

/// Draws over real stakes, and hands that make the headers of this chain's blocks.
abstract contract DrawTest is ExchangeTest {
    using RLP for RLP.Encoder;

    /// In which the tests begin, one after that in which all have staked.
    uint256 internal constant BLOCK = 1_000;
    uint256 internal constant DELAY = 8;
    uint256 internal constant PRICE = 0.5e6;
    uint256 internal constant OWNERS = 12;
    bytes32 internal constant MIX = keccak256("randomness of the chain");

    IDraws internal draws;
    address internal session;
    /// Ascending.
    address[] internal nodes;

    /// The first node with one ticket, the second with two and so on.
    function setUpDraws() internal {
        vm.roll(BLOCK - 1);
        setUpExchange();
        session = vm.addr(SESSION);
        draws = deployDraws(DELAY, PRICE);
        nodes = newCommittee(OWNERS, 0);
        for (uint256 i = 0; i < OWNERS; ++i) stakeTickets(nodes[i], i + 1);
        token.mint(address(this), 1_000e6);
        token.approve(address(draws), type(uint256).max);
        vm.roll(BLOCK);
    }

    function deployDraws(uint256 delay, uint256 price) public returns (IDraws) {
        return IDraws(deployBuilt("Draws", abi.encode(staking, court, vault, delay, price)));
    }

    function newNode(uint256 key, address owner) internal returns (address node) {
        node = vm.addr(key);
        keyOf[node] = key;
        register(node, owner);
    }

    function stakeTickets(address node, uint256 tickets) internal {
        // A million shares stand for a unit of the token.
        stakeOn(node, (tickets * TICKET) / 1e6);
    }

    /// Requests the committee now, and lets its beacon be recorded.
    function drawnLease(uint256 size, bytes32 salt) internal returns (Lease memory) {
        draws.request(draws.committeeSubject(consumer, session, salt, size));
        vm.roll(BLOCK + DELAY + 1);
        draws.record(makeBlock(BLOCK + DELAY, MIX));
        return leaseOf(draws.committeeOf(consumer, session, salt, size), salt);
    }

    function leaseOf(address[] memory committee, bytes32 salt) internal view returns (Lease memory) {
        return Lease({consumer: consumer, sessionKey: session, salt: salt, nodes: committee});
    }

    /// The header of a block of this chain.
    function makeBlock(uint256 number, bytes32 prevrandao) internal returns (bytes memory header) {
        header = headerOf(number, prevrandao);
        vm.setBlockhash(number, keccak256(header));
    }

    /// The fields of a header since Prague, of a block without transactions.
    function headerOf(uint256 number, bytes32 prevrandao) internal pure returns (bytes memory) {
        bytes32 any = keccak256(abi.encode("block", number));
        RLP.Encoder memory list = RLP.encoder();
        list.push(any).push(any).push(address(1)).push(any).push(any).push(any).push(new bytes(256));
        list.push(uint256(0)).push(number).push(uint256(30_000_000)).push(uint256(0)).push(number * 12);
        list.push(bytes("extra")).push(prevrandao).push(bytes.concat(bytes8(0))).push(uint256(7)).push(any);
        list.push(uint256(0)).push(uint256(0)).push(any).push(any);
        return list.encode();
    }

    function requireDraw(bytes32 subject, uint256 since, uint256 beaconBlock, bytes32 expected) internal view {
        (uint256 requestedAt, uint256 beacon, bytes32 randomness) = draws.drawOf(subject);
        require(requestedAt == since && beacon == beaconBlock && randomness == expected, "draw");
    }
}
