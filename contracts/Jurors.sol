// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Bls} from "./Bls.sol";
import {ICourt, Verdict} from "./interfaces/ICourt.sol";
import {IExchangeFacts} from "./interfaces/IExchangeFacts.sol";
import {JurorKeyType} from "./types/JurorKeyType.sol";
import {VerdictType} from "./types/VerdictType.sol";

/// Decides whose a juror's key is and whether a jury signed a verdict. It never decides who sits in a jury.
abstract contract Jurors is ICourt, EIP712 {
    IExchangeFacts public immutable EXCHANGE;

    mapping(bytes32 keyHash => address node) private nodeOfKey;
    /// @inheritdoc ICourt
    mapping(address node => bytes32 keyHash) public jurorKeyOf;

    constructor(IExchangeFacts exchange) {
        EXCHANGE = exchange;
    }

    /// @inheritdoc ICourt
    function registerJuror(address node, bytes calldata key, bytes calldata proof) external {
        address owner = EXCHANGE.nodeOf(node).owner;
        if (owner == address(0) || (msg.sender != node && msg.sender != owner)) {
            revert NotNodeNorOwner(node, owner, msg.sender);
        }
        bytes32 keyHash = keccak256(key);
        address other = nodeOfKey[keyHash];
        if (other != address(0) && other != node) revert JurorKeyTaken(keyHash, other);
        bytes32 digest = _hashTypedDataV4(JurorKeyType.hash(node, keyHash));
        if (!Bls.isValid(Bls.PROOF_DST, bytes.concat(digest), key, proof)) revert JurorKeyInvalid(node);

        nodeOfKey[keyHash] = node;
        jurorKeyOf[node] = keyHash;
        emit JurorRegistered(node, keyHash, key);
    }

    /// More than two thirds of the jury signed. A bit stands for each seat, so no juror counts twice.
    /// @return signed How many.
    function _requireVerdict(
        bytes32 orderId,
        address[] memory jury,
        Verdict calldata verdict
    ) internal view returns (uint256 signed) {
        uint256 signers = verdict.signers;
        if (signers >> jury.length != 0) revert JurySeatUnknown(signers, jury.length);
        bytes calldata keys = verdict.keys;
        for (uint256 seat = 0; seat < jury.length; ++seat) {
            if ((signers >> seat) & 1 == 0) continue;
            uint256 end = (signed + 1) * Bls.KEY_BYTES;
            if (keys.length < end) revert KeysMalformed(keys.length, end);
            // A node without a key has the hash 0, which no key has.
            bytes32 keyHash = Bls.keyHash(keys, signed);
            if (keyHash != jurorKeyOf[jury[seat]]) revert NotJurorsKey(jury[seat], keyHash);
            ++signed;
        }
        uint256 needed = (2 * jury.length) / 3 + 1;
        if (signed < needed) revert VerdictTooWeak(signed, needed, jury.length);
        if (keys.length != signed * Bls.KEY_BYTES) revert KeysMalformed(keys.length, signed * Bls.KEY_BYTES);
        bytes memory message = bytes.concat(_hashTypedDataV4(VerdictType.hash(orderId, verdict.resultHash)));
        if (!Bls.isValid(Bls.SIGNATURE_DST, message, Bls.sum(keys), verdict.signature)) {
            revert VerdictSignatureInvalid(orderId);
        }
    }
}
