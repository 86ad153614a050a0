// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt} from "../../contracts/interfaces/ICourt.sol";
import {JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {Signatures} from "../../contracts/Signatures.sol";

/// What a verdict would cost if jurors signed with their nodes' own keys: the same jury, the same record.
contract EcdsaVerdict {
    ICourt private immutable COURT;
    bytes32 private resultHash;
    bytes32 private juryHash;
    uint256 private signers;

    event CaseDecided(bytes32 indexed digest, bytes32 resultHash, uint256 signers, address[] jury);

    constructor(ICourt court) {
        COURT = court;
    }

    /// @param signatures In seat order, 64 bytes each.
    function decide(
        Lease calldata lease,
        JobOrder calldata order,
        bytes32 digest,
        uint256 signers_,
        bytes calldata signatures
    ) external {
        address[] memory jury = COURT.juryOf(lease, order);
        uint256 signed = 0;
        for (uint256 seat = 0; seat < jury.length; ++seat) {
            if ((signers_ >> seat) & 1 == 0) continue;
            bytes calldata signature = signatures[signed * 64:signed * 64 + 64];
            require(Signatures.isBy(jury[seat], digest, signature), "signature");
            ++signed;
        }
        require(3 * signed > 2 * jury.length, "too weak");
        (resultHash, signers, juryHash) = (digest, signers_, keccak256(abi.encodePacked(jury)));
        emit CaseDecided(digest, digest, signers_, jury);
    }
}
