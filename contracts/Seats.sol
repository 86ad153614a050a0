// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A packed committee: the places of its nodes in the batch's table, 16 bits each from the top, so that 16 fit one word.
type Seats is uint256;

using CommitteeSeats for Seats global;

/// Decides which rows of a batch's table a committee takes. It never knows what the rows mean. Callers give no more than
/// 16 seats.
library CommitteeSeats {
    /// The rows of a table, one after the other.
    Seats internal constant ALL = Seats.wrap(0x0000000100020003000400050006000700080009000a000b000c000d000e000f);

    function first(Seats seats) internal pure returns (uint256) {
        return Seats.unwrap(seats) >> 240;
    }

    function rest(Seats seats) internal pure returns (Seats) {
        return Seats.wrap(Seats.unwrap(seats) << 16);
    }

    /// Makes `committee`, which has room for 16 whatever its length, the addresses of each seat's row.
    /// @return flags the bits above the address that all of the rows have; none when a seat is not in the table
    function take(
        Seats seats,
        uint256 size,
        uint256[] memory table,
        address[] memory committee
    ) internal pure returns (uint256 flags) {
        assembly ("memory-safe") {
            flags := not(0)
            mstore(committee, size)
            let rows := add(table, 0x20)
            for {
                let end := add(committee, shl(5, size))
            } lt(committee, end) {
                seats := shl(16, seats)
            } {
                let seat := shr(240, seats)
                if iszero(lt(seat, mload(table))) {
                    flags := 0
                    break
                }
                let row := mload(add(rows, shl(5, seat)))
                committee := add(committee, 0x20)
                mstore(committee, and(row, 0xffffffffffffffffffffffffffffffffffffffff))
                flags := and(flags, row)
            }
            flags := shr(160, flags)
        }
    }

    /// Adds `amount` to each seat's row, once `take` has found every seat in a table of the same length.
    function add(Seats seats, uint256 size, uint256[] memory table, uint256 amount) internal pure {
        assembly ("memory-safe") {
            let rows := add(table, 0x20)
            for {} size {
                size := sub(size, 1)
            } {
                let row := add(rows, shl(5, shr(240, seats)))
                mstore(row, add(mload(row), amount))
                seats := shl(16, seats)
            }
        }
    }

    /// The first of the seats that a table of so many `rows` does not have.
    function outside(Seats seats, uint256 rows) internal pure returns (uint256 seat) {
        seat = seats.first();
        while (seat < rows) {
            seats = seats.rest();
            seat = seats.first();
        }
    }
}
