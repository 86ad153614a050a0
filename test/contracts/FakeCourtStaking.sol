// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {StakeView} from "../../contracts/interfaces/IStaking.sol";
import {FakeVault} from "./FakeVault.sol";

/// Stands in for the stakes: has what it was told, and draws by turns, without weight. The staked shares are its own.
contract FakeCourtStaking {
    IExchange private immutable EXCHANGE;
    FakeVault private immutable VAULT;
    address private court;
    address[] private nodes;
    mapping(address node => StakeView) private stakes;
    mapping(address node => address) private ownerOf;

    event StakeFrozen(address indexed node, bytes32 indexed orderId, uint40 until);

    constructor(IExchange exchange, FakeVault vault) {
        (EXCHANGE, VAULT) = (exchange, vault);
    }

    function setCourt(address court_) external {
        court = court_;
    }

    function setStake(address node, uint256 staked, uint256 unbonding) external {
        StakeView storage stake = stakes[node];
        if (ownerOf[node] == address(0)) nodes.push(node);
        ownerOf[node] = EXCHANGE.nodeOf(node).owner;
        (stake.staked, stake.unbonding) = (uint88(staked), uint88(unbonding));
        VAULT.mint(address(this), staked + unbonding);
    }

    function freeze(address node, bytes32 orderId, uint40 until) external {
        require(msg.sender == court || msg.sender == address(EXCHANGE), "caller");
        if (until > stakes[node].frozenUntil) stakes[node].frozenUntil = until;
        emit StakeFrozen(node, orderId, until);
    }

    function slash(address node, uint256 shares, bytes32) external returns (uint256 taken) {
        require(msg.sender == court, "caller");
        StakeView storage stake = stakes[node];
        uint256 first = shares < stake.staked ? shares : stake.staked;
        uint256 second = shares - first < stake.unbonding ? shares - first : stake.unbonding;
        stake.staked -= uint88(first);
        stake.unbonding -= uint88(second);
        taken = first + second;
        VAULT.transfer(court, taken);
    }

    function draw(
        bytes32 randomness,
        uint256 seats,
        uint256 atBlock,
        address[] calldata excludedOwners
    ) external view returns (address[] memory drawn) {
        require(atBlock < block.number, "not over yet");
        drawn = new address[](seats);
        uint256 filled = 0;
        for (uint256 i = 0; i < nodes.length && filled < seats; ++i) {
            address node = nodes[addmod(uint256(randomness), i, nodes.length)];
            address owner = ownerOf[node];
            bool skip = stakes[node].staked == 0;
            for (uint256 j = 0; j < excludedOwners.length; ++j) skip = skip || excludedOwners[j] == owner;
            for (uint256 j = 0; j < filled; ++j) skip = skip || ownerOf[drawn[j]] == owner;
            if (!skip) drawn[filled++] = node;
        }
        require(filled == seats, "too few");
    }

    function stakeOf(address node) external view returns (StakeView memory) {
        return stakes[node];
    }

    function weigh(
        address[] calldata committee,
        uint256 agreeing
    ) external view returns (uint256 agreeingStake, uint256 committeeStake) {
        for (uint256 i = 0; i < committee.length; ++i) {
            committeeStake += stakes[committee[i]].staked;
            if ((agreeing >> i) & 1 == 1) agreeingStake += stakes[committee[i]].staked;
        }
    }
}
