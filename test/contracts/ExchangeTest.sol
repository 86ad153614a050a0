// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Exchange} from "../../contracts/Exchange.sol";
import {Attestation, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {PaymentToken} from "../../contracts/PaymentToken.sol";
import {AttestationType} from "../../contracts/types/AttestationType.sol";
import {NodeRegistrationType} from "../../contracts/types/NodeRegistrationType.sol";
import {Vm} from "./Vm.sol";

/// An exchange with a funded consumer and registered nodes of as many owners, and hands that sign for all of them.
abstract contract ExchangeTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint40 internal constant GRACE = 1 hours;
    uint40 internal constant START = 1_800_000_000;
    uint40 internal constant EXPIRY = START + 10 days;
    uint40 internal constant DEADLINE = START + 1 hours;
    uint96 internal constant FUNDS = 1_000e6;
    uint256 internal constant SESSION = 0x5E55;
    bytes32 internal constant RIGHT = keccak256("right");
    bytes32 internal constant WRONG = keccak256("wrong");

    PaymentToken internal token;
    Exchange internal exchange;
    address internal consumer = address(0xC0);
    address internal stranger = address(0x57);

    mapping(address node => uint256) internal keyOf;
    mapping(address node => address) internal ownerOf;

    function setUpExchange() internal {
        vm.warp(START);
        token = new PaymentToken();
        exchange = new Exchange(token, GRACE);
        fund(consumer, 10 * FUNDS);
    }

    // Money

    function fund(address account, uint256 amount) internal {
        token.mint(account, amount);
        vm.prank(account);
        token.approve(address(exchange), amount);
        vm.prank(account);
        exchange.deposit(amount);
    }

    function earned(address node) internal view returns (uint256) {
        return exchange.nodeOf(node).earned;
    }

    // Nodes

    /// Registers `size` nodes of as many owners, returned in ascending order.
    function newCommittee(uint256 size, uint256 seed) internal returns (address[] memory nodes) {
        nodes = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            uint256 key = uint256(keccak256(abi.encode("node", seed, i))) >> 1;
            address node = vm.addr(key);
            keyOf[node] = key;
            register(node, address(uint160(uint256(keccak256(abi.encode("owner", seed, i))))));
            uint256 j = i;
            for (; j > 0 && nodes[j - 1] > node; --j) nodes[j] = nodes[j - 1];
            nodes[j] = node;
        }
    }

    function register(address node, address owner) internal {
        bytes memory signature = signRegistration(keyOf[node], node, owner, START);
        vm.prank(owner);
        exchange.registerNode(node, START, signature);
        ownerOf[node] = owner;
    }

    function stakeOn(address node, uint256 amount) internal {
        fund(ownerOf[node], amount);
        vm.prank(ownerOf[node]);
        exchange.addStake(node, amount);
    }

    // Leases and orders

    function leaseOf(address[] memory nodes) internal view returns (Lease memory) {
        return Lease({consumer: consumer, sessionKey: vm.addr(SESSION), salt: bytes32(0), nodes: nodes});
    }

    function openLease(address[] memory nodes) internal returns (Lease memory lease, bytes32 leaseId) {
        lease = leaseOf(nodes);
        vm.prank(consumer);
        leaseId = exchange.open(lease, FUNDS, EXPIRY);
    }

    function orderOf(bytes32 leaseId, uint32 nonce) internal pure returns (JobOrder memory) {
        return
            JobOrder({
                lease: leaseId,
                nonce: nonce,
                jobs: keccak256("jobs"),
                maxPrice: 10e6,
                forceFee: 1e6,
                quorumBps: 5_001,
                deadline: DEADLINE
            });
    }

    /// Attestations of all `nodes`, each asking `price`; the first `right` of them agree.
    function attest(
        JobOrder memory order,
        address[] memory nodes,
        uint256 right,
        uint96 price
    ) internal view returns (Attestation[] memory attestations) {
        attestations = new Attestation[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            attestations[i] = attestOne(order, nodes[i], i < right ? RIGHT : keccak256(abi.encode(i)), price);
        }
    }

    function attestOne(
        JobOrder memory order,
        address node,
        bytes32 resultHash,
        uint96 price
    ) internal view returns (Attestation memory attestation) {
        bytes32 orderId = exchange.orderIdOf(order);
        bytes32 commits = keccak256("commits");
        bytes32 structHash = keccak256(
            abi.encode(AttestationType.TYPE_HASH, orderId, node, resultHash, price, commits)
        );
        attestation = Attestation(node, resultHash, price, commits, sign(keyOf[node], typed(structHash)));
    }

    // Signatures

    function signOrder(JobOrder memory order) internal view returns (bytes memory) {
        return sign(SESSION, exchange.orderIdOf(order));
    }

    function signRegistration(
        uint256 key,
        address node,
        address owner,
        uint256 validUntil
    ) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(abi.encode(NodeRegistrationType.TYPE_HASH, node, owner, validUntil));
        return sign(key, typed(structHash));
    }

    function typed(bytes32 structHash) internal view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifier, , ) = exchange.eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifier
            )
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// The 64-byte form of EIP-2098.
    function signCompact(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, uint256(s) | (uint256(v - 27) << 255));
    }

    // Expectations

    function expectError(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    function equal(uint256 actual, uint256 expected, string memory what) internal pure {
        require(actual == expected, string.concat(what, ": ", decimal(actual), ", expected ", decimal(expected)));
    }

    function decimal(uint256 value) private pure returns (string memory) {
        if (value < 10) return string(abi.encodePacked(uint8(48 + value)));
        return string.concat(decimal(value / 10), string(abi.encodePacked(uint8(48 + (value % 10)))));
    }

    function bound(uint256 value, uint256 min, uint256 max) internal pure returns (uint256) {
        return min + (value % (max - min + 1));
    }
}
