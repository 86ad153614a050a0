// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tickets} from "../../contracts/Tickets.sol";

/// Tickets for anyone who asks, without any stake behind them: what draws see of stakes, and nothing else of them.
contract FakeStaking {
    using Tickets for Tickets.Pool;

    Tickets.Pool private pool;

    function setTickets(address node, address owner, uint256 tickets) external {
        pool.set(node, owner, tickets);
    }

    function draw(
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] calldata excludedOwners
    ) external view returns (address[] memory) {
        return pool.draw(randomness, seats, atBlock, excludedOwners);
    }
}
