// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides whether BLS12-381 signatures hold: keys in G1, signatures in G2, the proof-of-possession scheme of the IETF's
/// draft, hashing by RFC 9380. It never decides whose key it is or what a signature is worth.
///
/// Points are as the precompiles of EIP-2537 have them: a coordinate is 64 bytes, below the field's prime, so that a
/// point has one encoding and its hash names it. A key is 128 bytes, a signature 256. What the precompiles check:
///
/// | precompile | field elements | on the curve | in the subgroup |
/// | --- | --- | --- | --- |
/// | G1ADD, G2ADD | yes | yes | no |
/// | PAIRING_CHECK | yes | yes | yes |
/// | MAP_FP2_TO_G2 | yes | – | its answer is |
///
/// So a key must have passed `isValid` alone, with its proof of possession, before it may be added to others; a sum
/// of such keys is in the subgroup. All of them take the point at infinity, which `isValid` therefore refuses: with it
/// as key, every message would be signed. A precompile that refuses burns the gas that it was given, which is the
/// caller's own.
library Bls {
    bytes internal constant SIGNATURE_DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes internal constant PROOF_DST = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    uint256 internal constant KEY_BYTES = 128;
    uint256 internal constant SIGNATURE_BYTES = 256;

    address private constant MODEXP = address(0x05);
    address private constant G1ADD = address(0x0b);
    address private constant G2ADD = address(0x0d);
    address private constant PAIRING_CHECK = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    uint256 private constant FIELD_BYTES = 64;
    bytes private constant PRIME =
        hex"000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd7"
        hex"64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    /// The generator of G1 with its `y` negated.
    bytes private constant NEGATED_GENERATOR =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f"
        hex"c3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f2"
        hex"67816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /// A chain without the precompiles, or keys that are no points.
    error PrecompileRefused(address precompile);

    /// Whether `signature` over `message` is by `key`. False for malformed points, for points outside the subgroups and
    /// for the point at infinity.
    /// @param dst Domain separation tag, at most 255 bytes.
    function isValid(
        bytes memory dst,
        bytes memory message,
        bytes memory key,
        bytes calldata signature
    ) internal view returns (bool) {
        if (key.length != KEY_BYTES || signature.length != SIGNATURE_BYTES) return false;
        if (keccak256(key) == keccak256(new bytes(KEY_BYTES))) return false;
        bytes memory pairs = bytes.concat(key, hashToG2(dst, message), NEGATED_GENERATOR, signature);
        (bool done, bytes memory answer) = PAIRING_CHECK.staticcall(pairs);
        return done && answer.length == 32 && uint256(bytes32(answer)) == 1;
    }

    /// The hash that names the `index`th of keys that lie one after the other; the caller has checked their length.
    function keyHash(bytes calldata keys, uint256 index) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, add(keys.offset, shl(7, index)), 128)
            hash := keccak256(free, 128)
        }
    }

    /// The sum of one or more keys that lie one after the other. Each must have passed `isValid` before.
    function sum(bytes calldata keys) internal view returns (bytes memory total) {
        assert(keys.length > 0 && keys.length % KEY_BYTES == 0);
        address precompile = G1ADD;
        bool done = true;
        // Each key is laid behind the sum so far and the precompile's answer over it, so that no memory is left behind.
        assembly ("memory-safe") {
            total := mload(0x40)
            let point := add(total, 0x20)
            mstore(total, 128)
            mstore(0x40, add(point, 256))
            calldatacopy(point, keys.offset, 128)
            for {
                let from := 128
            } lt(from, keys.length) {
                from := add(from, 128)
            } {
                calldatacopy(add(point, 128), add(keys.offset, from), 128)
                let answered := staticcall(gas(), precompile, point, 256, point, 128)
                done := and(done, and(answered, eq(returndatasize(), 128)))
            }
        }
        if (!done) revert PrecompileRefused(precompile);
    }

    /// `hash_to_curve` of RFC 9380 for the suite BLS12381G2_XMD:SHA-256_SSWU_RO_. The precompile clears the cofactor of
    /// each mapped point, and the sum of two cleared points is their cleared sum.
    function hashToG2(bytes memory dst, bytes memory message) internal view returns (bytes memory) {
        bytes memory uniform = expand(dst, message);
        bytes memory first = bytes.concat(_toField(uniform, 0), _toField(uniform, 1));
        bytes memory second = bytes.concat(_toField(uniform, 2), _toField(uniform, 3));
        return _ask(G2ADD, bytes.concat(_ask(MAP_FP2_TO_G2, first), _ask(MAP_FP2_TO_G2, second)));
    }

    /// `expand_message_xmd` of RFC 9380 with SHA-256, to the 256 bytes of four field elements.
    function expand(bytes memory dst, bytes memory message) internal pure returns (bytes memory uniform) {
        assert(dst.length <= type(uint8).max);
        bytes memory suffix = bytes.concat(dst, bytes1(uint8(dst.length)));
        bytes32 seed = sha256(bytes.concat(bytes32(0), bytes32(0), message, bytes3(uint24(256 << 8)), suffix));
        uniform = new bytes(256);
        bytes32 block_ = 0;
        for (uint256 i = 1; i <= 8; ++i) {
            block_ = sha256(bytes.concat(seed ^ block_, bytes1(uint8(i)), suffix));
            assembly ("memory-safe") {
                mstore(add(uniform, shl(5, i)), block_)
            }
        }
    }

    /// The `index`th 64 bytes of `uniform`, modulo the field's prime.
    function _toField(bytes memory uniform, uint256 index) private view returns (bytes memory) {
        bytes memory element = new bytes(FIELD_BYTES);
        assembly ("memory-safe") {
            mcopy(add(element, 32), add(add(uniform, 32), shl(6, index)), 64)
        }
        bytes memory lengths = abi.encode(FIELD_BYTES, 1, FIELD_BYTES);
        return _ask(MODEXP, bytes.concat(lengths, element, bytes1(uint8(1)), PRIME));
    }

    function _ask(address precompile, bytes memory input) private view returns (bytes memory answer) {
        bool done;
        (done, answer) = precompile.staticcall(input);
        // A chain without the precompile answers nothing.
        if (!done || answer.length == 0) revert PrecompileRefused(precompile);
    }
}
