// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IExchange} from "./IExchange.sol";

/// @title The exchange as another contract reads it.
interface IExchangeFacts is IExchange, IERC5267 {
    /// @notice Seconds after a deadline in which what was done in time can still be settled.
    function GRACE() external view returns (uint40);
}
