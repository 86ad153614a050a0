// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bls} from "../../contracts/Bls.sol";
import {Vm} from "./Vm.sol";

/// The vectors are those of test/protocol/bls.test.ts, so that contract and programs say the same of each.
contract BlsTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    string private constant VECTORS = "protocol/vectors/bls.json";
    uint256 private constant HASHES = 5;
    uint256 private constant SIGNERS = 4;
    address private constant MODEXP = address(0x05);
    address private constant G1ADD = address(0x0b);
    address private constant G2ADD = address(0x0d);
    address private constant PAIRING_CHECK = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    string private vectors;

    function setUp() public {
        vectors = vm.readFile(VECTORS);
    }

    function test_MessagesHashToThePointsOfTheVectors() public view {
        for (uint256 i = 0; i < HASHES; ++i) {
            bytes memory dst = bytes(vm.parseJsonString(vectors, pathOf(".hashes", i, ".tag")));
            bytes memory point = Bls.hashToG2(dst, read(pathOf(".hashes", i, ".message")));
            require(keccak256(point) == keccak256(read(pathOf(".hashes", i, ".point"))), "point");
        }
    }

    function test_SignaturesAndProofsHoldAndNeitherPassesForTheOther() public view {
        for (uint256 i = 0; i < SIGNERS; ++i) {
            bytes memory key = read(pathOf(".signatures", i, ".key"));
            bytes memory message = read(pathOf(".signatures", i, ".message"));
            bytes memory signature = read(pathOf(".signatures", i, ".signature"));
            bytes memory proof = read(pathOf(".signatures", i, ".proof"));
            require(this.isValid(Bls.SIGNATURE_DST, message, key, signature), "signature");
            require(this.isValid(Bls.PROOF_DST, message, key, proof), "proof");
            require(!this.isValid(Bls.SIGNATURE_DST, message, key, proof), "proof as signature");
            require(!this.isValid(Bls.PROOF_DST, message, key, signature), "signature as proof");
            require(!this.isValid(Bls.SIGNATURE_DST, bytes.concat(message, hex"00"), key, signature), "message");
        }
    }

    function test_AnAggregateHoldsForExactlyTheKeysInIt() public view {
        bytes memory message = read(".aggregate.message");
        bytes memory signature = read(".aggregate.signature");
        bytes memory all = keysFrom(0);
        bytes memory total = this.sum(all);
        require(keccak256(total) == keccak256(read(".aggregate.key")), "sum");
        require(this.isValid(Bls.SIGNATURE_DST, message, total, signature), "all");
        require(!this.isValid(Bls.SIGNATURE_DST, message, this.sum(keysFrom(1)), signature), "one is missing");
        bytes memory twice = bytes.concat(all, read(".signatures[0].key"));
        require(!this.isValid(Bls.SIGNATURE_DST, message, this.sum(twice), signature), "one is there twice");
    }

    function test_RogueKeyWouldSignForOthersAndHasNoProofOfPossession() public view {
        bytes memory key = read(".rogue.key");
        bytes memory message = read(".rogue.message");
        bytes memory total = this.sum(bytes.concat(read(".rogue.honest"), key));
        require(this.isValid(Bls.SIGNATURE_DST, message, total, read(".rogue.signature")), "attack");
        require(!this.isValid(Bls.PROOF_DST, message, key, read(".rogue.proof")), "proof");
    }

    function test_WhatIsNoPointOfItsGroupIsRefused() public view {
        string[6] memory faults = ["infinity", "offCurve", "outsideSubgroup", "abovePrime", "short", "long"];
        bytes memory key = read(".signatures[0].key");
        bytes memory message = read(".signatures[0].message");
        bytes memory signature = read(".signatures[0].signature");
        bytes memory nothing = read(".malformedSignatures.infinity");
        for (uint256 i = 0; i < faults.length; ++i) {
            bytes memory badKey = read(string.concat(".malformedKeys.", faults[i]));
            bytes memory badSignature = read(string.concat(".malformedSignatures.", faults[i]));
            // A refusing precompile burns its gas; the budget keeps that small.
            require(!this.isValid{gas: 1_000_000}(Bls.SIGNATURE_DST, message, badKey, signature), faults[i]);
            require(!this.isValid{gas: 1_000_000}(Bls.SIGNATURE_DST, message, key, badSignature), faults[i]);
            require(!this.isValid{gas: 1_000_000}(Bls.SIGNATURE_DST, message, badKey, nothing), faults[i]);
        }
    }

    function test_SumOfWhatIsNoPointIsRefused() public {
        bytes memory keys = bytes.concat(read(".signatures[0].key"), read(".malformedKeys.offCurve"));
        vm.expectRevert(abi.encodeWithSelector(Bls.PrecompileRefused.selector, G1ADD));
        this.sum{gas: 1_000_000}(keys);
    }

    /// Where there is no precompile, a call answers nothing; where there is another one, it may refuse.
    function test_AChainWithoutThePrecompilesIsRefused() public {
        address[3] memory precompiles = [MODEXP, MAP_FP2_TO_G2, G2ADD];
        for (uint256 i = 0; i < precompiles.length; ++i) {
            bytes memory refusal = abi.encodeWithSelector(Bls.PrecompileRefused.selector, precompiles[i]);
            vm.mockCall(precompiles[i], "", "");
            vm.expectRevert(refusal);
            this.hashToG2("tag", "message");
            vm.mockCallRevert(precompiles[i], "", "");
            vm.expectRevert(refusal);
            this.hashToG2("tag", "message");
            vm.clearMockedCalls();
        }
        require(this.hashToG2("tag", "message").length == 256, "point");
    }

    function test_NoSignatureHoldsWherePairingsAreNotChecked() public {
        bytes memory key = read(".signatures[0].key");
        bytes memory message = read(".signatures[0].message");
        bytes memory signature = read(".signatures[0].signature");
        vm.mockCall(PAIRING_CHECK, "", "");
        require(!this.isValid(Bls.SIGNATURE_DST, message, key, signature), "no answer");
        vm.mockCall(PAIRING_CHECK, "", hex"01");
        require(!this.isValid(Bls.SIGNATURE_DST, message, key, signature), "short answer");
        vm.clearMockedCalls();
        require(this.isValid(Bls.SIGNATURE_DST, message, key, signature), "signature");
    }

    function test_NoKeysOrAPartOfOneHaveNoSum() public {
        bytes memory panic = abi.encodeWithSignature("Panic(uint256)", 1);
        vm.expectRevert(panic);
        this.sum("");
        vm.expectRevert(panic);
        this.sum(bytes.concat(read(".signatures[0].key"), hex"00"));
    }

    function test_TagsOf255BytesAreTheLongest() public {
        require(this.hashToG2(new bytes(255), "message").length == 256, "point");
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 1));
        this.hashToG2(new bytes(256), "message");
    }

    function hashToG2(bytes calldata dst, bytes calldata message) external view returns (bytes memory) {
        return Bls.hashToG2(dst, message);
    }

    function isValid(
        bytes calldata dst,
        bytes calldata message,
        bytes calldata key,
        bytes calldata signature
    ) external view returns (bool) {
        return Bls.isValid(dst, message, key, signature);
    }

    function sum(bytes calldata keys) external view returns (bytes memory) {
        return Bls.sum(keys);
    }

    function keysFrom(uint256 from) private view returns (bytes memory keys) {
        for (uint256 i = from; i < SIGNERS; ++i) keys = bytes.concat(keys, read(pathOf(".signatures", i, ".key")));
    }

    function read(string memory path) private view returns (bytes memory) {
        return vm.parseJsonBytes(vectors, path);
    }

    /// The path of a field of one of at most ten.
    function pathOf(string memory list, uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(list, "[", string(abi.encodePacked(uint8(48 + index))), "]", field);
    }
}
