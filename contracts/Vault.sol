// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IExchange} from "./interfaces/IExchange.sol";
import {IVault} from "./interfaces/IVault.sol";

/// Decides how what the exchange takes is shared: by shares, and slowly, so that whoever comes just before a fee gains
/// nothing by it. It never decides what is taken, and it never gives anything to anyone but the holders of shares.
contract Vault is ERC4626, ERC20Permit, ReentrancyGuardTransient, IVault {
    using SafeCast for uint256;

    /// @inheritdoc IVault
    uint256 public constant DRIP = 7 days;

    IExchange public immutable EXCHANGE;

    /// What came in as profit and is not the holders' yet. It becomes theirs evenly until `ends`.
    struct Drip {
        uint128 amount;
        uint40 since;
        uint40 ends;
    }

    Drip private drip;

    /// What the vault holds and has taken note of; tokens sent without a word are profit at the next `harvest`.
    uint256 private managed;

    constructor(
        IERC20 token,
        IExchange exchange
    ) ERC20("mimik profit share", "mSHARE") ERC20Permit("mimik profit share") ERC4626(token) {
        EXCHANGE = exchange;
    }

    /// @inheritdoc IVault
    function harvest() external nonReentrant returns (uint256 profit) {
        uint256 fees = EXCHANGE.balanceOf(address(this));
        if (fees > 0) EXCHANGE.withdraw(fees);
        profit = IERC20(asset()).balanceOf(address(this)) - managed;
        if (profit == 0) return 0;
        managed += profit;
        _addProfit(profit);
        emit Harvested(profit, drip.ends);
    }

    /// @inheritdoc IVault
    function forfeit(uint256 shares) external returns (uint256 assets) {
        assets = previewRedeem(shares);
        _burn(msg.sender, shares);
        _addProfit(assets);
        emit Forfeited(msg.sender, shares, assets);
    }

    /// @inheritdoc IVault
    function dripping() public view returns (uint256) {
        (uint256 time, Drip memory now_) = (block.timestamp, drip);
        if (time >= now_.ends) return 0;
        // Rounded up, so that a unit is the holders' only once it is whole.
        return Math.mulDiv(now_.amount, now_.ends - time, now_.ends - now_.since, Math.Rounding.Ceil);
    }

    /// @notice What all shares together are worth. While nobody holds a share, nothing drips to nobody: it waits.
    function totalAssets() public view override returns (uint256) {
        return totalSupply() == 0 ? 0 : managed - dripping();
    }

    /// @inheritdoc ERC4626
    function decimals() public view override(ERC20, ERC4626) returns (uint8) {
        return super.decimals();
    }

    /// Spreads `profit` over `DRIP`, and what still drips over what is left to it: the end moves by as much as the
    /// profit weighs, so that many small ones do not put it off for ever.
    function _addProfit(uint256 profit) private {
        uint256 left = dripping();
        uint256 remaining = drip.ends > block.timestamp ? drip.ends - block.timestamp : 0;
        uint256 total = left + profit;
        if (total == 0) return;
        uint256 spread = (left * remaining + profit * DRIP) / total;
        _setDrip(total, spread);
    }

    function _setDrip(uint256 amount, uint256 spread) private {
        drip = Drip({
            amount: amount.toUint128(),
            since: uint40(block.timestamp),
            ends: uint40(block.timestamp + spread)
        });
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override nonReentrant {
        // What waited for a holder begins to drip with the first.
        if (totalSupply() == 0 && managed > 0) _setDrip(managed, DRIP);
        super._deposit(caller, receiver, assets, shares);
    }

    function _withdraw(
        address caller,
        address receiver,
        address owner,
        uint256 assets,
        uint256 shares
    ) internal override nonReentrant {
        super._withdraw(caller, receiver, owner, assets, shares);
    }

    /// A token that charges a fee would leave the vault owing more than it holds.
    function _transferIn(address from, uint256 assets) internal override {
        uint256 before = IERC20(asset()).balanceOf(address(this));
        super._transferIn(from, assets);
        uint256 moved = IERC20(asset()).balanceOf(address(this)) - before;
        if (moved != assets) revert IExchange.TokenNotExact(assets, moved);
        managed += assets;
    }

    function _transferOut(address to, uint256 assets) internal override {
        managed -= assets;
        super._transferOut(to, assets);
    }

    /// A million shares to the token's base unit, so that rounding takes a millionth of a unit and an early holder
    /// cannot make a share too dear for the next.
    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }
}
