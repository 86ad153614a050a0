// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What the exchange stores of a lease; its terms live in the preimage of the lease id.
struct LeaseState {
    uint96 funds;
    uint64 paidPerNode;
    uint32 upTo;
    uint16 forced;
    /// Never 0 once opened, and kept after closing, so that a lease id never reopens.
    uint40 expiry;
    bool live;
    /// Bit n is set when order n, from 1 to 7, was settled without a voucher. Most leases force no more than these, and
    /// a word of its own for each would cost as much as all else that a settlement writes.
    uint8 early;
}

/// Decides how a lease's state fits one word, read once and written once by every settlement; the compiler's own packing
/// reads and writes a slot for each field. It never changes a value.
library LeasePacking {
    function pack(LeaseState memory state) internal pure returns (uint256) {
        return
            (uint256(state.funds) << 160) |
            (uint256(state.paidPerNode) << 96) |
            (uint256(state.upTo) << 64) |
            (uint256(state.forced) << 48) |
            (uint256(state.expiry) << 8) |
            (uint256(state.early) & 0xfe) |
            (state.live ? 1 : 0);
    }

    function unpack(uint256 word) internal pure returns (LeaseState memory state) {
        state.funds = uint96(word >> 160);
        state.paidPerNode = uint64(word >> 96);
        state.upTo = uint32(word >> 64);
        state.forced = uint16(word >> 48);
        state.expiry = uint40(word >> 8);
        state.live = word & 1 == 1;
        state.early = uint8(word & 0xfe);
    }
}
