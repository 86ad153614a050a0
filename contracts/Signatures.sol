// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides whose key signed a digest, in the 65-byte form or the 64-byte form of EIP-2098, low `s` only.
/// It never reverts: a malformed signature is nobody's, and the zero address never holds a right.
library Signatures {
    /// The largest low `s`: half the order of the curve. Above it lies the other `s` for the same signature.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    function isBy(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        (bytes32 r, bytes32 vs) = _compact(signature);
        return isBy(signer, digest, r, vs);
    }

    /// The 64-byte form, in which the parity of `v` is the highest bit of `s`.
    function isBy(address signer, bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (bool) {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        if (s > HALF_ORDER || signer == address(0)) return false;
        unchecked {
            return ecrecover(digest, uint8(27 + (uint256(vs) >> 255)), r, bytes32(s)) == signer;
        }
    }

    /// Either form as the 64-byte one. Of what is neither, an `s` that is nobody's.
    function _compact(bytes calldata signature) private pure returns (bytes32 r, bytes32 vs) {
        uint256 length = signature.length;
        uint256 v;
        assembly ("memory-safe") {
            r := calldataload(signature.offset)
            vs := calldataload(add(signature.offset, 0x20))
            // The one byte behind them, 27 or 28.
            v := sub(byte(0, calldataload(add(signature.offset, 0x40))), 27)
        }
        if (length == 64) return (r, vs);
        if (length != 65 || v > 1 || uint256(vs) > HALF_ORDER) return (r, bytes32(type(uint256).max));
        vs |= bytes32(v << 255);
    }
}
