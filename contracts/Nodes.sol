// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Accounts} from "./Accounts.sol";
import {IExchange, NodeView} from "./interfaces/IExchange.sol";
import {Signatures} from "./Signatures.sol";
import {NodeRegistrationType} from "./types/NodeRegistrationType.sol";

/// Decides who owns a node, and who gets what it earned: its owner, less the fee that goes to the profit share.
/// It never decides what a node earns.
abstract contract Nodes is Accounts, EIP712 {
    using SafeCast for uint256;

    /// One slot, because every clearing writes it.
    struct Node {
        address owner;
        uint96 earned;
    }

    uint256 private constant GRACE_MIN = 1 seconds;
    uint256 private constant GRACE_MAX = 30 days;
    uint256 private constant FEE_BPS_MAX = 500;
    uint256 private constant COLLECT_NODES_MAX = 512;
    uint256 internal constant BPS = 10_000;

    /// @inheritdoc IExchange
    uint40 public immutable GRACE;

    /// What owners leave to the profit share of what they collect, in 1/10,000.
    uint256 public immutable FEE_BPS;

    /// The profit share, whose account here takes the fees.
    address public immutable VAULT;

    mapping(address node => Node) internal nodes;

    constructor(uint40 grace, uint256 feeBps, address vault) {
        if (grace < GRACE_MIN || grace > GRACE_MAX) revert GraceOutOfRange(grace, GRACE_MIN, GRACE_MAX);
        if (feeBps > FEE_BPS_MAX) revert FeeOutOfRange(feeBps, FEE_BPS_MAX);
        (GRACE, FEE_BPS, VAULT) = (grace, feeBps, vault);
    }

    /// @inheritdoc IExchange
    function registerNode(address node, uint256 validUntil, bytes calldata signature) external {
        address owner = nodes[node].owner;
        if (owner != address(0)) revert NodeAlreadyRegistered(node, owner);
        if (block.timestamp > validUntil) revert SignatureExpired(validUntil, block.timestamp);
        bytes32 digest = _hashTypedDataV4(NodeRegistrationType.hash(node, msg.sender, validUntil));
        if (!Signatures.isBy(node, digest, signature)) revert NodeSignatureInvalid(node);

        nodes[node].owner = msg.sender;
        emit NodeRegistered(node, msg.sender);
    }

    /// @inheritdoc IExchange
    function collectEarnings(address[] calldata collected) external {
        if (collected.length > COLLECT_NODES_MAX) revert TooManyNodes(collected.length, COLLECT_NODES_MAX);
        uint256 fees = 0;
        for (uint256 i = 0; i < collected.length; ++i) {
            Node storage node = nodes[collected[i]];
            (address owner, uint256 amount) = (node.owner, node.earned);
            if (amount == 0) continue;

            node.earned = 0;
            // Rounded down: collecting unit by unit would save the fee, and cost more gas than it saves.
            uint256 fee = (amount * FEE_BPS) / BPS;
            fees += fee;
            _credit(owner, amount - fee);
            emit EarningsCollected(collected[i], owner, amount - fee, fee);
        }
        if (fees > 0) _credit(VAULT, fees);
    }

    /// @inheritdoc IExchange
    function nodeOf(address node) external view returns (NodeView memory) {
        Node memory facts = nodes[node];
        return NodeView({owner: facts.owner, earned: facts.earned});
    }

    /// Cannot overflow: the caller takes as much from a lease, or reverts, and all that the exchange holds fits 96 bits.
    function _earn(address node, uint256 amount) internal {
        unchecked {
            nodes[node].earned += uint96(amount);
        }
    }
}
