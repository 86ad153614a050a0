// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What is known of a node's stake. Amounts are vault shares.
struct StakeView {
    /// Zero when the node is not registered.
    address owner;
    /// Counts in quorums and draws.
    uint256 staked;
    /// No longer counts, can still be slashed, and is not yet the owner's again.
    uint256 unbonding;
    /// From here on what unbonds can leave, Unix seconds; 0 when nothing is unbonding.
    uint40 unbondsAt;
    /// Until here no stake can leave, Unix seconds.
    uint40 frozenUntil;
    /// How many lots the node has in draws.
    uint256 tickets;
}

/// @title What exchange and court ask of the stakes.
interface IStaking {
    /// The node's stake cannot leave before `until`, Unix seconds. Emitted at the first freeze of a node for an order
    /// even when a longer one is in force, so that a node learns of everything that it is accused of.
    event StakeFrozen(address indexed node, bytes32 indexed orderId, uint40 until);

    /// @notice Stakes of the committee as they weigh in a quorum: bit i of `agreeing` says that `committee[i]` agrees.
    function weigh(
        address[] calldata committee,
        uint256 agreeing
    ) external view returns (uint256 agreeingStake, uint256 committeeStake);

    /// @notice Keeps the node's stake where it is until `until`, Unix seconds; never shortens. Exchange and court only.
    function freeze(address node, bytes32 orderId, uint40 until) external;

    /// @notice Whether `freeze` was ever called for this order and node.
    function wasFrozenFor(bytes32 orderId, address node) external view returns (bool);

    /// @notice Moves up to `shares` of the node's stake to the court, from what is staked first. Court only.
    function slash(address node, uint256 shares, bytes32 reason) external returns (uint256 taken);

    /// @notice `seats` nodes of distinct owners, none of them excluded, drawn by stake as it was at the end of block
    /// `atBlock`; in seat order. Reverts when there are too few.
    function draw(
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] calldata excludedOwners
    ) external view returns (address[] memory nodes);

    function stakeOf(address node) external view returns (StakeView memory);
}
