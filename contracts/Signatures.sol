// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// Decides whose key signed a digest, in the 65-byte form or the 64-byte form of EIP-2098, low `s` only.
/// It never reverts: a malformed signature is nobody's, and the zero address never holds a right.
library Signatures {
    /// The largest low `s`, as ECDSA.sol has it.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    function isBy(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        return signer != address(0) && recover(digest, signature) == signer;
    }

    /// The 64-byte form, in which the parity of `v` is the highest bit of `s`. Asked for each row of a batch, so without
    /// the way through the library, which also tells what is wrong with a signature.
    function isBy(address signer, bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (bool) {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        if (s > HALF_ORDER || signer == address(0)) return false;
        unchecked {
            return ecrecover(digest, uint8(27 + (uint256(vs) >> 255)), r, bytes32(s)) == signer;
        }
    }

    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length == 64) {
            bytes32 r;
            bytes32 vs;
            assembly ("memory-safe") {
                r := calldataload(signature.offset)
                vs := calldataload(add(signature.offset, 0x20))
            }
            (signer, , ) = ECDSA.tryRecover(digest, r, vs);
        } else {
            (signer, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        }
    }
}
