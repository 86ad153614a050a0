// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// An invariant test whose only target is one contract of random hands.
abstract contract RandomHands {
    address internal hands;

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = hands;
    }

    function excludeSenders() public view returns (address[] memory excluded) {
        excluded = new address[](1);
        excluded[0] = address(this);
    }

    /// Calls one of `actions` by chance, or sometimes `warp`, again and again.
    function tryAtRandom(bytes4[] memory actions, bytes4 warp, uint256 times) internal {
        for (uint256 i = 0; i < times; ++i) {
            bytes32 chance = keccak256(abi.encode(i));
            uint256 picked = uint256(chance) % (actions.length + 1);
            bytes4 action = picked == actions.length ? warp : actions[picked];
            (bool ok, ) = hands.call(abi.encodePacked(action, argumentsOf(chance)));
            require(ok, "a hand failed");
        }
    }

    /// What an action is called with, encoded; too much does no harm.
    function argumentsOf(bytes32 chance) internal pure virtual returns (bytes memory);
}
