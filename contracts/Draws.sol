// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {IDraws} from "./interfaces/IDraws.sol";
import {Lease} from "./interfaces/IExchange.sol";
import {IStaking} from "./interfaces/IStaking.sol";
import {LeaseType} from "./types/LeaseType.sol";

/// Decides which randomness belongs to a subject, and whether a lease's committee is the drawn one. It never decides
/// what a committee may do, and holds neither money nor stake: a draw's price goes from its caller to the profit share.
contract Draws is IDraws {
    using SafeERC20 for IERC20;

    struct Request {
        /// Stake is as of the block before.
        uint128 requestedAt;
        uint128 beaconBlock;
    }

    /// With less, whoever proposes the block of a request could know its beacon.
    uint256 private constant DELAY_MIN = 2;
    /// Half of what EIP-2935 remembers.
    uint256 private constant DELAY_MAX = 4_096;
    /// In whole tokens: what a wish for a committee may cost at most, whoever deploys.
    uint256 private constant PRICE_MAX = 100;
    bytes32 private constant COMMITTEE_TYPE_HASH = keccak256(
        "Committee(address consumer,address sessionKey,bytes32 salt,uint256 size)"
    );

    IStaking public immutable STAKING;
    /// Asks for free: a jury is not chosen by whoever pays for it, and nobody names its subject.
    address public immutable COURT;
    IERC4626 public immutable VAULT;
    IERC20 public immutable TOKEN;
    /// @inheritdoc IDraws
    uint256 public immutable DELAY;
    /// @inheritdoc IDraws
    uint256 public immutable PRICE;

    mapping(bytes32 subject => Request) private requests;
    mapping(uint256 blockNumber => bytes32 prevrandao) private beacons;
    mapping(bytes32 leaseId => bool) private drawn;

    constructor(IStaking staking, address court, IERC4626 vault, uint256 delay, uint256 price) {
        if (delay < DELAY_MIN || delay > DELAY_MAX) revert DelayOutOfRange(delay, DELAY_MIN, DELAY_MAX);
        (STAKING, COURT, VAULT, DELAY, PRICE) = (staking, court, vault, delay, price);
        TOKEN = IERC20(vault.asset());
        uint256 priceMax = PRICE_MAX * 10 ** IERC20Metadata(address(TOKEN)).decimals();
        if (price == 0 || price > priceMax) revert PriceOutOfRange(price, 1, priceMax);
    }

    /// @inheritdoc IDraws
    function request(bytes32 subject) external returns (uint256 beaconBlock) {
        beaconBlock = requests[subject].beaconBlock;
        if (beaconBlock != 0 && !_isMissed(beaconBlock)) return beaconBlock;

        beaconBlock = block.number + DELAY;
        requests[subject] = Request({requestedAt: uint128(block.number), beaconBlock: uint128(beaconBlock)});
        emit DrawRequested(subject, block.number, beaconBlock);
        // Tokens that come to the vault without a word are profit at its next harvest, and drip.
        if (msg.sender != COURT) TOKEN.safeTransferFrom(msg.sender, address(VAULT), PRICE);
    }

    /// @inheritdoc IDraws
    function record(bytes calldata header) external {
        Memory.Slice[] memory fields = BlockHeader.parseHeader(header);
        uint256 blockNumber = BlockHeader.getNumber(fields);
        if (beacons[blockNumber] != 0) return;
        bytes32 expected = _hashOf(blockNumber);
        if (expected == 0) revert HeaderNotProvable(blockNumber, block.number);
        bytes32 shown = keccak256(header);
        if (shown != expected) revert HeaderMismatch(blockNumber, expected, shown);
        bytes32 prevrandao = BlockHeader.getPrevRandao(fields);
        if (prevrandao == 0) revert BeaconZero(blockNumber);

        beacons[blockNumber] = prevrandao;
        emit BeaconRecorded(blockNumber, prevrandao);
    }

    /// @inheritdoc IDraws
    function proveCommittee(Lease calldata lease) external {
        bytes32 leaseId = LeaseType.hash(lease);
        if (drawn[leaseId]) return;
        uint256 size = lease.nodes.length;
        bytes32 subject = committeeSubject(lease.consumer, lease.sessionKey, lease.salt, size);
        address[] memory nodes = _committeeOf(subject, lease.consumer, size);
        for (uint256 i = 0; i < size; ++i) {
            if (nodes[i] != lease.nodes[i]) revert CommitteeNotDrawn(subject, i, nodes[i], lease.nodes[i]);
        }

        drawn[leaseId] = true;
        emit LeaseDrawn(leaseId, subject);
    }

    /// @inheritdoc IDraws
    function isDrawn(bytes32 leaseId) external view returns (bool) {
        return drawn[leaseId];
    }

    /// @inheritdoc IDraws
    function beaconOf(uint256 blockNumber) external view returns (bytes32) {
        return beacons[blockNumber];
    }

    /// @inheritdoc IDraws
    function committeeOf(
        address consumer,
        address sessionKey,
        bytes32 salt,
        uint256 size
    ) external view returns (address[] memory nodes) {
        return _committeeOf(committeeSubject(consumer, sessionKey, salt, size), consumer, size);
    }

    /// @inheritdoc IDraws
    function drawOf(
        bytes32 subject
    ) public view returns (uint256 requestedAt, uint256 beaconBlock, bytes32 randomness) {
        Request storage made = requests[subject];
        (requestedAt, beaconBlock) = (made.requestedAt, made.beaconBlock);
        bytes32 beacon = beacons[beaconBlock];
        // No subject's beacon is block 0, so one that nobody asked for has no randomness either.
        if (beaconBlock != 0 && beacon != 0) randomness = keccak256(abi.encode(beacon, subject));
    }

    /// @inheritdoc IDraws
    function committeeSubject(
        address consumer,
        address sessionKey,
        bytes32 salt,
        uint256 size
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(COMMITTEE_TYPE_HASH, consumer, sessionKey, salt, size));
    }

    /// Ascending, as a lease names its nodes.
    function _committeeOf(
        bytes32 subject,
        address consumer,
        uint256 size
    ) private view returns (address[] memory nodes) {
        (uint256 requestedAt, uint256 beaconBlock, bytes32 randomness) = drawOf(subject);
        if (beaconBlock == 0) revert DrawUnknown(subject);
        if (randomness == 0) revert BeaconNotRecorded(subject, beaconBlock);
        address[] memory excludedOwners = new address[](1);
        excludedOwners[0] = consumer;
        nodes = STAKING.draw(randomness, size, requestedAt - 1, excludedOwners);
        for (uint256 i = 1; i < nodes.length; ++i) {
            address node = nodes[i];
            uint256 j = i;
            for (; j > 0 && nodes[j - 1] > node; --j) nodes[j] = nodes[j - 1];
            nodes[j] = node;
        }
    }

    /// Whether the block is past and nobody can record it any more.
    function _isMissed(uint256 beaconBlock) private view returns (bool) {
        return block.number > beaconBlock && beacons[beaconBlock] == 0 && _hashOf(beaconBlock) == 0;
    }

    /// 0 when the chain does not know it. OpenZeppelin's `blockHash` takes the words of a refusal for a hash where the
    /// history contract refuses in words, as Hardhat's does; a missed beacon would then be waited for for ever.
    function _hashOf(uint256 blockNumber) private view returns (bytes32) {
        if (blockNumber >= block.number) return 0;
        if (block.number - blockNumber <= 256) return blockhash(blockNumber);
        (bool known, bytes32 answer, ) = LowLevelCall.staticcallReturn64Bytes(
            Blockhash.HISTORY_STORAGE_ADDRESS,
            abi.encode(blockNumber)
        );
        return known && LowLevelCall.returnDataSize() == 32 ? answer : bytes32(0);
    }
}
