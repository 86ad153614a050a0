// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What is known of a node's stake. Amounts are shares of the vault.
struct StakeView {
    /// Counts in quorums and draws.
    uint88 staked;
    /// No longer counts, and is not yet the owner's again.
    uint88 unbonding;
    /// From here on `finishUnbonding` pays the owner; 0 when nothing is unbonding.
    uint40 unbondsAt;
    /// Until here the stake cannot leave.
    uint40 frozenUntil;
    /// How many times the node stands in draws.
    uint16 tickets;
}

/// @title Stake: what a node has to lose.
/// @notice Stake is shares of the profit-share vault, so that it earns while it stands. Amounts are shares, times are Unix
/// seconds. It leaves by its owner's wish after `UNBONDING` seconds, or by the court's punishment to the vault; no other
/// hand moves it. `EXCHANGE` and `COURT` are contracts fixed at construction; nobody owns this one.
///
/// What breaks liveness: a freeze, which ends by itself; a court that never decides takes nothing.
interface IStaking {
    event StakeAdded(address indexed node, address indexed owner, uint256 shares);
    event UnbondingStarted(address indexed node, address indexed owner, uint256 shares, uint40 unbondsAt);
    event UnbondingFinished(address indexed node, address indexed owner, uint256 shares);
    event StakeFrozen(address indexed node, bytes32 indexed orderId, uint40 until);
    event StakeSlashed(address indexed node, bytes32 indexed reason, uint256 ofStaked, uint256 ofUnbonding);

    error StakeNodeUnknown(address node);
    error NotStakeOwner(address node, address owner, address caller);
    error SharesZero();
    error StakeUnderfunded(address node, uint256 staked, uint256 needed);
    error StakeLocked(address node, uint256 until, uint256 time);
    error NothingUnbonding(address node);
    error NotPeer(address caller);

    /// @notice Moves `shares` of the caller's, who owns the node, to the node's stake.
    function addStake(address node, uint256 shares) external;

    /// @notice Puts `amount` of the caller's tokens into the vault and stakes the shares that they give.
    function depositStake(address node, uint256 amount) external returns (uint256 shares);

    /// @notice Takes `shares` of stake out of all quorums and draws; they are the owner's again after `UNBONDING` seconds.
    /// Starting once more adds to what is unbonding and begins the delay anew.
    function startUnbonding(address node, uint256 shares) external;

    /// @notice Moves what has unbonded to the owner. Anyone may call.
    function finishUnbonding(address node) external;

    /// @notice Keeps the node's stake where it is until `until`; never shortens a freeze. Only `COURT`.
    function freeze(address node, bytes32 orderId, uint40 until) external;

    /// @notice Takes at most `shares`, first of what is staked, then of what is unbonding, and gives them to `COURT`, which
    /// alone may call.
    function slash(address node, uint256 shares, bytes32 reason) external returns (uint256 taken);

    function stakeOf(address node) external view returns (StakeView memory);

    /// @notice The stake of the committee and of those in it that agree.
    /// @param agreeing Bit i says that `committee[i]` agrees.
    function weigh(
        address[] calldata committee,
        uint256 agreeing
    ) external view returns (uint256 agreeingStake, uint256 committeeStake);

    /// @notice `weigh`, and freezes the nodes of the committee whose bits are set in `dissenting`, as `freeze` does. Only
    /// `EXCHANGE`, which takes it all back when the agreeing are no quorum.
    function weighAndFreeze(
        address[] calldata committee,
        uint256 agreeing,
        uint256 dissenting,
        bytes32 orderId,
        uint40 until
    ) external returns (uint256 agreeingStake, uint256 committeeStake);

    /// @notice Nodes of distinct owners, drawn by their tickets at the end of block `atBlock`, in the order of their seats.
    function draw(
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] calldata excludedOwners
    ) external view returns (address[] memory nodes);
}
