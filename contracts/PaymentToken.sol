// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// Decides how a local chain gets money to play with: anyone mints, so a unit is worth nothing and never will be.
/// It never belongs on a public chain; there the exchange is deployed over a token that people already hold.
contract PaymentToken is ERC20, ERC20Permit {
    /// The most that one call mints, base units: one million tokens.
    uint256 public constant MINT_LIMIT = 1_000_000e6;

    error MintTooLarge(uint256 amount, uint256 limit);

    constructor() ERC20("Mimik Dollar", "mUSD") ERC20Permit("Mimik Dollar") {}

    /// @notice The faucet: gives `to` a worthless `amount`, base units.
    function mint(address to, uint256 amount) external {
        if (amount > MINT_LIMIT) revert MintTooLarge(amount, MINT_LIMIT);
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
