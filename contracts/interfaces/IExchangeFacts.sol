// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IExchange} from "./IExchange.sol";

/// @title The exchange as another contract reads it.
interface IExchangeFacts is IExchange, IERC5267 {}
