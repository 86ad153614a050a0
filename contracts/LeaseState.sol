// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What the exchange stores of a lease, in one word, so that every settlement reads and writes a single slot. Its terms
/// live in the preimage of the lease id.
type LeaseState is uint256;

using LeaseFields for LeaseState global;

/// Decides where each fact of a lease lies in its word. It never judges a value: callers give what fits its bits.
///
/// ```
/// funds u96 | paidPerNode u64 | upTo u32 | forced u16 | expiry u40 | early u7 | live u1
/// ```
/// `expiry` is never 0 once opened and stays after closing, so that a lease id never reopens. Bit n of the lowest byte is
/// set when order n, from 1 to 7, was settled without a voucher: most leases force no more than these, and a word of its
/// own for each would cost as much as all else that a settlement writes.
library LeaseFields {
    uint256 private constant FUNDS_AT = 160;
    uint256 private constant PAID_AT = 96;
    uint256 private constant UP_TO_AT = 64;
    uint256 private constant FORCED_AT = 48;
    uint256 private constant EXPIRY_AT = 8;
    uint256 private constant EARLY = 0xfe;
    uint256 private constant LIVE = 1;

    function opened(uint256 funds_, uint256 expiry_) internal pure returns (LeaseState) {
        return LeaseState.wrap((funds_ << FUNDS_AT) | (expiry_ << EXPIRY_AT) | LIVE);
    }

    function funds(LeaseState state) internal pure returns (uint256) {
        return LeaseState.unwrap(state) >> FUNDS_AT;
    }

    function paidPerNode(LeaseState state) internal pure returns (uint256) {
        return uint64(LeaseState.unwrap(state) >> PAID_AT);
    }

    function upTo(LeaseState state) internal pure returns (uint256) {
        return uint32(LeaseState.unwrap(state) >> UP_TO_AT);
    }

    function forced(LeaseState state) internal pure returns (uint256) {
        return uint16(LeaseState.unwrap(state) >> FORCED_AT);
    }

    function expiry(LeaseState state) internal pure returns (uint256) {
        return uint40(LeaseState.unwrap(state) >> EXPIRY_AT);
    }

    function early(LeaseState state) internal pure returns (uint256) {
        return LeaseState.unwrap(state) & EARLY;
    }

    function live(LeaseState state) internal pure returns (bool) {
        return LeaseState.unwrap(state) & LIVE != 0;
    }

    function withFunds(LeaseState state, uint256 funds_) internal pure returns (LeaseState) {
        return LeaseState.wrap(uint160(LeaseState.unwrap(state)) | (funds_ << FUNDS_AT));
    }

    function withExpiry(LeaseState state, uint256 expiry_) internal pure returns (LeaseState) {
        uint256 others = LeaseState.unwrap(state) & ~(uint256(type(uint40).max) << EXPIRY_AT);
        return LeaseState.wrap(others | (expiry_ << EXPIRY_AT));
    }

    /// What a voucher writes: all that lies above `forced`.
    function withVoucher(
        LeaseState state,
        uint256 funds_,
        uint256 paidPerNode_,
        uint256 upTo_
    ) internal pure returns (LeaseState) {
        uint256 others = uint64(LeaseState.unwrap(state));
        return LeaseState.wrap((funds_ << FUNDS_AT) | (paidPerNode_ << PAID_AT) | (upTo_ << UP_TO_AT) | others);
    }

    function withForced(LeaseState state, uint256 forced_) internal pure returns (LeaseState) {
        uint256 others = LeaseState.unwrap(state) & ~(uint256(type(uint16).max) << FORCED_AT);
        return LeaseState.wrap(others | (forced_ << FORCED_AT));
    }

    function withEarly(LeaseState state, uint256 bit) internal pure returns (LeaseState) {
        return LeaseState.wrap(LeaseState.unwrap(state) | bit);
    }

    /// Nothing is left in it, and nothing can be settled any more.
    function closed(LeaseState state) internal pure returns (LeaseState) {
        return LeaseState.wrap(uint160(LeaseState.unwrap(state)) & ~LIVE);
    }
}
