// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "../../contracts/Signatures.sol";
import {Vm} from "./Vm.sol";

contract SignaturesTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    bytes32 private constant DIGEST = keccak256("digest");

    /// The two ways that the exchange asks: rows of a batch, and signatures of their own.
    function testFuzz_BothWaysGiveTheSameAnswer(uint256 key, address other) public view {
        key = 1 + (key % HALF_ORDER);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, DIGEST);
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        require(Signatures.isBy(vm.addr(key), DIGEST, r, vs), "packed");
        require(this.isBy(vm.addr(key), DIGEST, abi.encodePacked(r, vs)), "compact");
        require(this.isBy(vm.addr(key), DIGEST, abi.encodePacked(r, s, v)), "long");
        if (other == vm.addr(key)) return;
        require(!Signatures.isBy(other, DIGEST, r, vs), "another's, packed");
        require(!this.isBy(other, DIGEST, abi.encodePacked(r, vs)), "another's, compact");
    }

    function test_HighSIsRefusedBothWays() public view {
        (, bytes32 r, ) = vm.sign(1, DIGEST);
        for (uint256 above = 0; above < 2; ++above) {
            bytes32 s = bytes32(HALF_ORDER + above);
            address signer = ecrecover(DIGEST, 27, r, s);
            require(signer != address(0), "the precompile gives an address");
            require(Signatures.isBy(signer, DIGEST, r, s) == (above == 0), "packed");
            require(this.isBy(signer, DIGEST, abi.encodePacked(r, s)) == (above == 0), "compact");
        }
    }

    function test_ALongSignatureHasOneForm() public view {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(1, DIGEST);
        address signer = vm.addr(1);
        require(this.isBy(signer, DIGEST, abi.encodePacked(r, s, v)), "the signature");
        for (uint256 other = 0; other < 256; ++other) {
            if (other == v) continue;
            require(!this.isBy(signer, DIGEST, abi.encodePacked(r, s, uint8(other))), "another parity");
        }
        // The parity in the highest bit of `s` is of the short form alone.
        bytes32 marked = bytes32(uint256(s) | (1 << 255));
        require(!this.isBy(signer, DIGEST, abi.encodePacked(r, marked, uint8(27))), "marked 27");
        require(!this.isBy(signer, DIGEST, abi.encodePacked(r, marked, uint8(28))), "marked 28");
        require(!this.isBy(signer, DIGEST, abi.encodePacked(r, s, v, uint8(0))), "a byte too many");
        require(!this.isBy(signer, DIGEST, abi.encodePacked(r, bytes31(s))), "a byte too few");
    }

    function test_WhatIsNoSignatureIsNobodys() public view {
        require(!Signatures.isBy(address(0), DIGEST, 0, 0), "packed");
        require(!this.isBy(address(0), DIGEST, new bytes(64)), "compact");
        require(!this.isBy(address(0), DIGEST, ""), "empty");
    }

    function isBy(address signer, bytes32 digest, bytes calldata signature) external pure returns (bool) {
        return Signatures.isBy(signer, digest, signature);
    }
}
