// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The profit share: a vault of the payment token, to which the exchange's fees and slashed stake go.
/// @notice These are what it has beside ERC-4626. Anyone may hold its shares; nodes stake them, so that owners earn while they serve. Its
/// shares have six decimals more than the token.
///
/// Profit becomes the holders' evenly over `DRIP` seconds: a deposit just before it comes gains nothing, and the price of
/// a share never falls by it. Trading with oneself does not pay: of the fee that it costs, at most one's own part comes
/// back. The shares of one base unit belong to nobody, which is what keeps an early holder from cheating
/// the next one (OpenZeppelin's virtual shares).
///
/// Assumptions on the token are those of the exchange. Nobody owns the vault; every holder may leave at any time.
interface IVault {
    event Harvested(uint256 profit, uint256 until);
    event Forfeited(address indexed holder, uint256 shares, uint256 assets);

    /// @notice Seconds over which a profit becomes the holders'.
    function DRIP() external view returns (uint256);

    /// @notice Takes the fees from the exchange, and any tokens sent here without a deposit. Anyone may call.
    function harvest() external returns (uint256 profit);

    /// @notice Burns the caller's `shares` and lets their `assets` drip to the holders that remain.
    function forfeit(uint256 shares) external returns (uint256 assets);

    /// @notice What came in as profit and is not the holders' yet, base units.
    function dripping() external view returns (uint256);
}
