// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease} from "../../contracts/interfaces/IExchange.sol";

/// Stands in for the draws: says what it was told of beacons and committees.
contract FakeDraws {
    struct Draw {
        uint256 requestedAt;
        bytes32 randomness;
    }

    uint256 private constant DELAY = 8;
    mapping(bytes32 subject => Draw) private draws;
    mapping(bytes32 leaseId => bool) public isDrawn;

    function setDrawn(bytes32 leaseId, bool drawn) external {
        isDrawn[leaseId] = drawn;
    }

    function setRandomness(bytes32 subject, bytes32 randomness) external {
        require(draws[subject].requestedAt != 0, "not requested");
        draws[subject].randomness = randomness;
    }

    function request(bytes32 subject) external returns (uint256 beaconBlock) {
        if (draws[subject].requestedAt == 0) draws[subject].requestedAt = block.number;
        return draws[subject].requestedAt + DELAY;
    }

    function drawOf(
        bytes32 subject
    ) external view returns (uint256 requestedAt, uint256 beaconBlock, bytes32 randomness) {
        Draw memory draw = draws[subject];
        return (draw.requestedAt, draw.requestedAt + DELAY, draw.randomness);
    }

    function record(bytes calldata) external pure {
        revert("no beacons here");
    }

    function proveCommittee(Lease calldata) external pure {
        revert("no proofs here");
    }
}
