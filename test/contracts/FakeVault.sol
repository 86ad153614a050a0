// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Stands in for the vault: shares that anyone mints, behind which there is nothing.
contract FakeVault is ERC20("Fake share", "FAKE") {
    uint256 public forfeited;

    function mint(address to, uint256 shares) external {
        _mint(to, shares);
    }

    function forfeit(uint256 shares) external returns (uint256) {
        _burn(msg.sender, shares);
        forfeited += shares;
        return shares;
    }
}
