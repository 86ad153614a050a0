// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease} from "./IExchange.sol";

/// @title What the court asks of the draws.
interface IDraws {
    /// @notice Fixes the later block whose randomness decides the draw of `subject`. Anyone may call; asking again changes
    /// nothing, unless its beacon can no longer be recorded.
    function request(bytes32 subject) external returns (uint256 beaconBlock);

    /// @notice Stores the randomness of a past block, once.
    /// @param header Its header, RLP.
    function record(bytes calldata header) external;

    /// @notice What is known of a draw. `randomness` is 0 until its beacon is recorded.
    function drawOf(
        bytes32 subject
    ) external view returns (uint256 requestedAt, uint256 beaconBlock, bytes32 randomness);

    /// @notice Marks the lease as one whose committee was drawn.
    function proveCommittee(Lease calldata lease) external;

    function isDrawn(bytes32 leaseId) external view returns (bool);
}
