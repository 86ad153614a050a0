// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What the court asks of the vault whose shares are staked.
interface IVault is IERC20 {
    /// @notice Burns `shares` of the caller; what stood behind them comes to the other holders bit by bit.
    function forfeit(uint256 shares) external;
}
