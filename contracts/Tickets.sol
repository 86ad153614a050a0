// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// Decides which nodes a draw seats, by the tickets that each held at a past block. It never decides how many tickets a
/// stake is worth, nor where randomness comes from.
///
/// All tickets stand in one array without gaps, and every index keeps who held it since when, so that a draw as of a
/// past block is the same whenever it is computed. Within a block only its end counts, and a draw asks for a block that
/// has ended.
library Tickets {
    using Checkpoints for Checkpoints.Trace160;
    using SafeCast for uint256;

    struct Pool {
        /// Who holds the ticket at an index, by block; of indexes beyond the total, who held it last.
        mapping(uint256 index => Checkpoints.Trace160) holders;
        /// How many tickets there are, by block.
        Checkpoints.Trace160 totals;
        /// Where a node's tickets stand now, in no order.
        mapping(address node => uint32[]) indexes;
        /// Set with a node's first ticket and never changed, so it needs no history.
        mapping(address node => address) owners;
    }

    /// Seats being filled. No owner is seated twice.
    struct Seating {
        address[] nodes;
        uint256 filled;
        /// Whom no seat may go to any more: first the excluded, then the owners of the seated.
        address[] barred;
        uint256 barredCount;
        /// One bit tells most owners apart; only when it is taken are owners compared.
        uint256 seen;
    }

    uint256 internal constant TICKETS_PER_NODE_MAX = 64;
    uint256 internal constant SEATS_MAX = 128;
    /// Tickets looked at in one draw, which bounds its gas. An owner with a hundredth of all tickets is missed by all of
    /// them once in thirty thousand draws.
    uint256 internal constant ATTEMPTS_MAX = 1_024;

    error TicketsOutOfRange(address node, uint256 tickets, uint256 max);
    error TicketOwnerZero(address node);
    error TicketOwnerFixed(address node, address owner);
    error SeatsOutOfRange(uint256 seats, uint256 min, uint256 max);
    /// The block may still change what it holds.
    error DrawNotPast(uint256 atBlock, uint256 current);
    error TooFewOwners(uint256 seats, uint256 seated, uint256 attempts);

    /// Gives `node` of `owner` exactly `tickets` tickets from the present block on.
    function set(Pool storage self, address node, address owner, uint256 tickets) internal {
        if (tickets > TICKETS_PER_NODE_MAX) revert TicketsOutOfRange(node, tickets, TICKETS_PER_NODE_MAX);
        uint256 held = self.indexes[node].length;
        if (tickets == held) return;
        _bindOwner(self, node, owner);

        uint256 count = total(self);
        for (; held < tickets; ++held) {
            _append(self, node, count);
            ++count;
        }
        for (; held > tickets; --held) _remove(self, node, --count);
        self.totals.push(_now(), count.toUint160());
    }

    function ticketsOf(Pool storage self, address node) internal view returns (uint256) {
        return self.indexes[node].length;
    }

    function total(Pool storage self) internal view returns (uint256) {
        return self.totals.latest();
    }

    function totalAt(Pool storage self, uint256 atBlock) internal view returns (uint256) {
        return self.totals.upperLookupRecent(atBlock.toUint96());
    }

    /// Only for an index below `totalAt` of the same block.
    function holderAt(Pool storage self, uint256 index, uint256 atBlock) internal view returns (address) {
        return address(self.holders[index].upperLookupRecent(atBlock.toUint96()));
    }

    /// `seats` nodes of distinct owners, none of them excluded, in the order of their seats: attempt `j` looks at the
    /// ticket `keccak256(randomness, j)` modulo all tickets, and seats its node unless the owner is barred. So each seat
    /// goes to one of the remaining owners with a chance in proportion to its tickets.
    function draw(
        Pool storage self,
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] memory excludedOwners
    ) internal view returns (address[] memory) {
        if (seats == 0 || seats > SEATS_MAX) revert SeatsOutOfRange(seats, 1, SEATS_MAX);
        if (atBlock >= block.number) revert DrawNotPast(atBlock, block.number);

        Seating memory seating;
        seating.nodes = new address[](seats);
        seating.barred = new address[](excludedOwners.length + seats);
        for (uint256 i = 0; i < excludedOwners.length; ++i) _bar(seating, excludedOwners[i]);
        uint256 count = totalAt(self, atBlock);
        uint256 attempts = count == 0 ? 0 : ATTEMPTS_MAX;
        for (uint256 j = 0; j < attempts; ++j) {
            address node = holderAt(self, uint256(keccak256(abi.encode(randomness, j))) % count, atBlock);
            address owner = self.owners[node];
            if (_isBarred(seating, owner)) continue;
            _bar(seating, owner);
            seating.nodes[seating.filled] = node;
            if (++seating.filled == seats) return seating.nodes;
        }
        revert TooFewOwners(seats, seating.filled, attempts);
    }

    function _bindOwner(Pool storage self, address node, address owner) private {
        if (owner == address(0)) revert TicketOwnerZero(node);
        address bound = self.owners[node];
        if (bound == address(0)) self.owners[node] = owner;
        else if (bound != owner) revert TicketOwnerFixed(node, bound);
    }

    function _append(Pool storage self, address node, uint256 index) private {
        self.indexes[node].push(index.toUint32());
        self.holders[index].push(_now(), uint160(node));
    }

    /// Takes one of the node's tickets and moves the last of all tickets to its place.
    function _remove(Pool storage self, address node, uint256 last) private {
        uint32[] storage held = self.indexes[node];
        uint32 freed = held[held.length - 1];
        held.pop();
        if (freed == last) return;

        address mover = address(self.holders[last].latest());
        uint32[] storage moved = self.indexes[mover];
        uint256 place = 0;
        // At most as many steps as a node has tickets; it stands there, because it held the last one.
        while (moved[place] != last) ++place;
        moved[place] = freed;
        if (mover != node) self.holders[freed].push(_now(), uint160(mover));
    }

    function _bar(Seating memory seating, address owner) private pure {
        seating.barred[seating.barredCount] = owner;
        ++seating.barredCount;
        seating.seen |= _bitOf(owner);
    }

    function _isBarred(Seating memory seating, address owner) private pure returns (bool) {
        if (seating.seen & _bitOf(owner) == 0) return false;
        for (uint256 i = 0; i < seating.barredCount; ++i) {
            if (seating.barred[i] == owner) return true;
        }
        return false;
    }

    function _bitOf(address owner) private pure returns (uint256) {
        return 1 << (uint160(owner) & 0xff);
    }

    function _now() private view returns (uint96) {
        return uint96(block.number);
    }
}
