// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Takes 1 % of every transfer from what the receiver gets, or, the other way round, from what the sender keeps.
contract FeeToken is ERC20 {
    bool private immutable ON_TOP;

    constructor(bool onTop) ERC20("Fee", "FEE") {
        ON_TOP = onTop;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(ON_TOP ? from : to, address(0xFEE), amount / 100);
    }
}

/// Calls back into its victim in the middle of a transfer.
contract ReentrantToken is ERC20 {
    address private victim;
    bytes private payload;
    bytes public outcome;

    constructor() ERC20("Reentrant", "RE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address victim_, bytes calldata payload_) external {
        (victim, payload) = (victim_, payload_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (payload.length == 0) return;
        bytes memory call = payload;
        delete payload;
        (, outcome) = victim.call(call);
    }
}
