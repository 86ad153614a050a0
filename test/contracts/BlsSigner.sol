// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bls} from "../../contracts/Bls.sol";

/// Keys and signatures by the chain's own multiplications, for tests that need many.
library BlsSigner {
    address private constant G1ADD = address(0x0b);
    address private constant G1MSM = address(0x0c);
    address private constant G2ADD = address(0x0d);
    address private constant G2MSM = address(0x0e);
    bytes private constant GENERATOR =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f"
        hex"c3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4"
        hex"fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";

    function keyOf(uint256 secret) internal view returns (bytes memory) {
        return multiply(GENERATOR, secret);
    }

    function multiply(bytes memory key, uint256 scalar) internal view returns (bytes memory) {
        return ask(G1MSM, bytes.concat(key, bytes32(scalar)));
    }

    function addKeys(bytes memory first, bytes memory second) internal view returns (bytes memory) {
        return ask(G1ADD, bytes.concat(first, second));
    }

    function sign(uint256 secret, bytes memory dst, bytes32 digest) internal view returns (bytes memory) {
        return ask(G2MSM, bytes.concat(Bls.hashToG2(dst, bytes.concat(digest)), bytes32(secret)));
    }

    /// The sum of two signatures.
    function add(bytes memory first, bytes memory second) internal view returns (bytes memory) {
        return ask(G2ADD, bytes.concat(first, second));
    }

    function ask(address precompile, bytes memory input) private view returns (bytes memory answer) {
        bool done;
        (done, answer) = precompile.staticcall(input);
        require(done, "precompile");
    }
}
