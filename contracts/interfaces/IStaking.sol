// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What draws need to know of stakes.
interface IStaking {
    /// @notice `seats` nodes of distinct owners, none of them excluded, drawn by the tickets that each held at the end of
    /// `atBlock`, in the order of their seats. Reverts when too few owners have tickets.
    function draw(
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] calldata excludedOwners
    ) external view returns (address[] memory nodes);
}
