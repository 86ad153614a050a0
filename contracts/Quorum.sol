// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation} from "./interfaces/IExchange.sol";

/// Decides which of the attestations agree and what the middle of their prices is. It never checks a signature, and it
/// never says whether the group is large enough.
library Quorum {
    struct Group {
        bytes32 resultHash;
        uint256 size;
        /// The lower one when two are in the middle, so that no node gains by asking more.
        uint256 medianPrice;
    }

    /// The majority's group when there is a majority; otherwise some group, which no quorum accepts.
    function largest(Attestation[] calldata attestations) internal pure returns (Group memory group) {
        group.resultHash = majorityCandidate(attestations);
        uint256[] memory prices = new uint256[](attestations.length);
        for (uint256 i = 0; i < attestations.length; ++i) {
            Attestation calldata attestation = attestations[i];
            if (attestation.resultHash != group.resultHash) continue;
            insert(prices, group.size, attestation.price);
            ++group.size;
        }
        if (group.size > 0) group.medianPrice = prices[(group.size - 1) / 2];
    }

    /// Boyer and Moore's vote: one pass, right whenever more than half agree.
    function majorityCandidate(Attestation[] calldata attestations) private pure returns (bytes32 candidate) {
        uint256 lead = 0;
        for (uint256 i = 0; i < attestations.length; ++i) {
            bytes32 resultHash = attestations[i].resultHash;
            if (lead == 0) candidate = resultHash;
            lead = resultHash == candidate ? lead + 1 : lead - 1;
        }
    }

    /// Keeps the first `count` prices sorted; at most 16, a committee's size.
    function insert(uint256[] memory prices, uint256 count, uint256 price) private pure {
        uint256 i = count;
        for (; i > 0 && prices[i - 1] > price; --i) prices[i] = prices[i - 1];
        prices[i] = price;
    }
}
