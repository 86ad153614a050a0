// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IExchange} from "./interfaces/IExchange.sol";

/// Decides how tokens come in and go out, and holds each account's balance.
/// Nothing else in the exchange calls the token, so nothing else can be re-entered from it.
abstract contract Accounts is IExchange, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// A struct, so that reading and writing one find its place only once.
    struct Account {
        uint256 balance;
    }

    IERC20 public immutable TOKEN;

    mapping(address account => Account) private accounts;

    constructor(IERC20 token) {
        // A fee shows only when money moves, so it is measured at each move; what is no token at all shows here.
        if (address(token).code.length == 0) revert TokenNotUsable(address(token));
        try token.balanceOf(address(this)) returns (uint256) {} catch {
            revert TokenNotUsable(address(token));
        }
        TOKEN = token;
    }

    /// @inheritdoc IExchange
    function deposit(uint256 amount) external nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc IExchange
    function depositWithPermit(
        uint256 amount,
        uint256 validUntil,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Whoever saw the permit in flight may have spent it already; then the allowance is there and nothing is lost.
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, validUntil, v, r, s) {} catch {}
        _deposit(amount);
    }

    /// @inheritdoc IExchange
    function withdraw(uint256 amount) external nonReentrant {
        if (amount == 0) revert AmountZero();
        _debit(msg.sender, amount);
        emit Withdrawn(msg.sender, amount);

        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransfer(msg.sender, amount);
        uint256 moved = before - TOKEN.balanceOf(address(this));
        if (moved != amount) revert TokenNotExact(amount, moved);
    }

    /// @inheritdoc IExchange
    function balanceOf(address account) public view returns (uint256) {
        return accounts[account].balance;
    }

    function _deposit(uint256 amount) private {
        if (amount == 0) revert AmountZero();
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = TOKEN.balanceOf(address(this));
        if (balance != before + amount) revert TokenNotExact(amount, balance - before);
        // Every amount inside is a part of this one, so no sum of 96 bits can overflow.
        if (balance > type(uint96).max) revert ExchangeFull(balance, type(uint96).max);
        _credit(msg.sender, amount);
        emit Deposited(msg.sender, amount);
    }

    function _credit(address account, uint256 amount) internal {
        accounts[account].balance += amount;
    }

    function _debit(address account, uint256 amount) internal {
        (bool taken, uint256 balance) = _tryDebit(account, amount);
        if (!taken) revert AccountUnderfunded(account, balance, amount);
    }

    /// Changes nothing when the account has less than `amount`.
    /// @return taken whether it had it
    /// @return balance what it had
    function _tryDebit(address account, uint256 amount) internal returns (bool taken, uint256 balance) {
        Account storage own = accounts[account];
        balance = own.balance;
        taken = balance >= amount;
        unchecked {
            if (taken) own.balance = balance - amount;
        }
    }
}
