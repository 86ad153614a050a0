// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {
    Attestation,
    ClaimedOrder,
    IExchange,
    JobOrder,
    Lease,
    LeaseOpening
} from "../../contracts/interfaces/IExchange.sol";
import {PaymentToken} from "../../contracts/PaymentToken.sol";
import {AttestationType} from "../../contracts/types/AttestationType.sol";
import {ClaimType} from "../../contracts/types/ClaimType.sol";
import {ClearingBatchType} from "../../contracts/types/ClearingBatchType.sol";
import {NodeRegistrationType} from "../../contracts/types/NodeRegistrationType.sol";
import {OpenLeaseType} from "../../contracts/types/OpenLeaseType.sol";
import {VoucherType} from "../../contracts/types/VoucherType.sol";
import {DeployedExchange} from "./DeployedExchange.sol";

/// An exchange with a funded consumer and registered nodes of as many owners, and hands that sign for all of them.
abstract contract ExchangeTest is DeployedExchange {
    uint40 internal constant GRACE = 1 hours;
    uint40 internal constant START = 1_800_000_000;
    uint40 internal constant EXPIRY = START + 10 days;
    uint40 internal constant DEADLINE = START + 1 hours;
    uint96 internal constant FUNDS = 1_000e6;
    uint256 internal constant SESSION = 0x5E55;
    bytes32 internal constant RIGHT = keccak256("right");
    bytes32 internal constant WRONG = keccak256("wrong");

    PaymentToken internal token;
    bytes32 private domain;
    address internal consumer = address(0xC0);
    address internal stranger = address(0x57);

    mapping(address node => uint256) internal keyOf;
    mapping(address node => address) internal ownerOf;

    function setUpExchange() internal {
        vm.warp(START);
        token = new PaymentToken();
        deployAll(token, GRACE);
        domain = domainOf(exchange);
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

    function arrayOf(JobOrder memory order) internal pure returns (JobOrder[] memory orders) {
        orders = new JobOrder[](1);
        orders[0] = order;
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

    /// Stakes `amount` of new tokens.
    function stakeOn(address node, uint256 amount) internal returns (uint256 shares) {
        address owner = ownerOf[node];
        token.mint(owner, amount);
        vm.prank(owner);
        token.approve(address(staking), amount);
        vm.prank(owner);
        return staking.depositStake(node, amount);
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

    // Vouchers and clearings

    /// What a session key signs, before it is signed.
    struct Voucher {
        Lease lease;
        uint64 perNode;
        uint32 upTo;
        uint16 forced;
        bool last;
    }

    function voucherOf(Lease memory lease, uint64 perNode, uint32 upTo) internal pure returns (Voucher memory) {
        return Voucher({lease: lease, perNode: perNode, upTo: upTo, forced: 0, last: false});
    }

    function batchOf(Voucher memory voucher) internal view returns (bytes memory) {
        Voucher[] memory vouchers = new Voucher[](1);
        vouchers[0] = voucher;
        return batchOf(voucher.lease.nodes, vouchers, EXPIRY, address(0));
    }

    /// A clearing of all vouchers, signed by all `nodes` but `silent`.
    function batchOf(
        address[] memory nodes,
        Voucher[] memory vouchers,
        uint40 validUntil,
        address silent
    ) internal view returns (bytes memory) {
        bytes memory signed;
        for (uint256 i = 0; i < nodes.length; ++i) signed = abi.encodePacked(signed, bytes20(nodes[i]));
        for (uint256 i = 0; i < vouchers.length; ++i) signed = bytes.concat(signed, entryOf(nodes, vouchers[i]));
        bytes32 receiptsRoot = keccak256("receipts");
        bytes memory header = abi.encodePacked(validUntil, receiptsRoot, uint16(nodes.length), uint16(vouchers.length));
        return signBatch(header, nodes, signed, silent);
    }

    function signBatch(
        bytes memory header,
        address[] memory nodes,
        bytes memory signed,
        address silent
    ) internal view returns (bytes memory) {
        bytes32 digest = batchDigest(header, signed);
        bytes memory signatures;
        for (uint256 i = 0; i < nodes.length; ++i) {
            uint256 key = nodes[i] == silent ? 0xBAD : keyOf[nodes[i]];
            signatures = bytes.concat(signatures, signCompact(key, digest));
        }
        return bytes.concat(header, signed, signatures);
    }

    function batchDigest(bytes memory header, bytes memory signed) internal view returns (bytes32) {
        bytes32 receiptsRoot;
        assembly ("memory-safe") {
            receiptsRoot := mload(add(header, 37))
        }
        uint40 validUntil = uint40(bytes5(header));
        bytes32 entries = keccak256(bytes.concat(slice(header, 37, 41), signed));
        return typed(keccak256(abi.encode(ClearingBatchType.TYPE_HASH, entries, receiptsRoot, validUntil)));
    }

    /// The digest that the `nodes` of a batch signed.
    function batchIdOf(bytes memory batch, uint256 nodes) internal view returns (bytes32) {
        return batchDigest(slice(batch, 0, 41), slice(batch, 41, batch.length - 64 * nodes));
    }

    function slice(bytes memory all, uint256 from, uint256 to) internal pure returns (bytes memory part) {
        part = new bytes(to - from);
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(all, 32), from), sub(to, from))
        }
    }

    function entryOf(address[] memory table, Voucher memory voucher) internal view returns (bytes memory entry) {
        Lease memory lease = voucher.lease;
        bytes memory signature = signCompact(SESSION, voucherDigest(voucher));
        entry = abi.encodePacked(lease.consumer, lease.sessionKey, lease.salt, voucher.perNode, voucher.upTo);
        entry = abi.encodePacked(entry, voucher.forced, voucher.last, signature, uint8(lease.nodes.length));
        for (uint256 i = 0; i < lease.nodes.length; ++i) {
            uint16 seat = 0;
            while (seat < table.length && table[seat] != lease.nodes[i]) ++seat;
            entry = abi.encodePacked(entry, seat);
        }
    }

    function voucherDigest(Voucher memory voucher) internal view returns (bytes32) {
        return
            typed(
                keccak256(
                    abi.encode(
                        VoucherType.TYPE_HASH,
                        exchange.leaseIdOf(voucher.lease),
                        voucher.perNode,
                        voucher.upTo,
                        voucher.forced,
                        voucher.last
                    )
                )
            );
    }

    // Claims

    /// A claim of `orders`, signed by every node over the right receipts.
    function claimOf(
        Lease memory lease,
        JobOrder[] memory orders,
        uint96 perNode
    ) internal view returns (ClaimedOrder[] memory claimed, bytes[] memory signatures) {
        claimed = new ClaimedOrder[](orders.length);
        bytes memory ids;
        for (uint256 i = 0; i < orders.length; ++i) {
            bytes32 orderId = exchange.orderIdOf(orders[i]);
            claimed[i] = ClaimedOrder(orders[i], signCompact(SESSION, orderId));
            ids = abi.encodePacked(ids, orderId);
        }
        bytes32 leaseId = exchange.leaseIdOf(lease);
        bytes32 structHash = keccak256(abi.encode(ClaimType.TYPE_HASH, leaseId, keccak256(ids), RIGHT, perNode));
        bytes32 digest = typed(structHash);
        signatures = new bytes[](lease.nodes.length);
        for (uint256 i = 0; i < lease.nodes.length; ++i) signatures[i] = signCompact(keyOf[lease.nodes[i]], digest);
    }

    // Signatures

    function signOpening(
        uint256 key,
        Lease memory lease,
        uint96 amount,
        uint40 expiry,
        uint40 validUntil
    ) internal view returns (LeaseOpening memory) {
        LeaseOpening memory opening = LeaseOpening(lease, amount, expiry, validUntil, "");
        opening.signature = sign(key, openingDigest(opening));
        return opening;
    }

    function openingDigest(LeaseOpening memory opening) internal view returns (bytes32) {
        bytes32 leaseId = exchange.leaseIdOf(opening.lease);
        return
            typed(
                keccak256(
                    abi.encode(OpenLeaseType.TYPE_HASH, leaseId, opening.amount, opening.expiry, opening.validUntil)
                )
            );
    }

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
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    function domainOf(IERC5267 verifying) private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifier, , ) = verifying.eip712Domain();
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256(bytes(name)),
                    keccak256(bytes(version)),
                    chainId,
                    verifier
                )
            );
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
