// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Attestation,
    ClaimedOrder,
    IExchange,
    JobOrder,
    Lease,
    LeaseOpening,
    LeaseStatus,
    LeaseView
} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";
import {RandomHands} from "./RandomHands.sol";
import {PackedOpenings} from "./PackedOpenings.sol";

/// Random hands on the exchange: consumers, owners, nodes and strangers doing everything that anyone may do, in and out
/// of time, with and without the right signatures. A refusal is fine, a panic is not.
contract ExchangeHandler is ExchangeTest {
    uint256 private constant NODES = 7;
    uint256 private constant CONSUMER_KEY = 0xC0;
    uint256 private constant LEASES_MAX = 12;
    uint256 private constant ACTORS = 4;
    uint256 private constant SETTLED_GAS = 3_000_000;

    /// Whoever made this; the fuzzer has no say in `exit`.
    address private immutable TEST = msg.sender;

    address[] private nodes;
    address[] private accounts;
    Lease[] private leases;
    bytes32[] private leaseIds;
    uint256 private salts;
    mapping(bytes32 leaseId => uint32) private nextNonce;
    mapping(bytes32 leaseId => mapping(uint256 nonce => uint256)) private paidTimes;

    /// What went in and never came out, and how often each kind of call succeeded.
    uint256 public deposited;
    uint256 public withdrawn;
    uint256 public attempts;
    mapping(bytes4 action => uint256) public done;

    constructor() {
        consumer = vm.addr(CONSUMER_KEY);
        setUpExchange();
        deposited = 10 * FUNDS;
        nodes = newCommittee(NODES, 0);
        for (uint256 i = 0; i < NODES; ++i) accounts.push(ownerOf[nodes[i]]);
        for (uint256 i = 0; i < ACTORS; ++i) accounts.push(address(uint160(0xAC0 + i)));
        accounts.push(consumer);
    }

    // Money

    function deposit(uint256 who, uint256 amount) external {
        address account = accountOf(who);
        amount = bound(amount, 1, FUNDS);
        fund(account, amount);
        deposited += amount;
        ++done[this.deposit.selector];
    }

    function withdraw(uint256 who, uint256 amount) external {
        address account = accountOf(who);
        amount = bound(amount, 0, exchange.balanceOf(account) + 1);
        if (attempt(account, abi.encodeCall(IExchange.withdraw, (amount)))) {
            withdrawn += amount;
            ++done[this.withdraw.selector];
        }
    }

    // Nodes

    function addStake(uint256 node, uint256 amount) external {
        amount = bound(amount, 1, FUNDS);
        // Of less than a share is worth there is nothing to stake.
        if (vault.previewDeposit(amount) == 0) return;
        stakeOn(nodeOf(node), amount);
        ++done[this.addStake.selector];
    }

    function startUnbonding(uint256 node, uint256 shares) external {
        address staked = nodeOf(node);
        uint256 left = staking.stakeOf(staked).staked;
        if (left == 0) return;
        vm.prank(ownerOf[staked]);
        staking.startUnbonding(staked, bound(shares, 1, left));
        ++done[this.startUnbonding.selector];
    }

    function harvest() external {
        uint256 fees = exchange.balanceOf(address(vault));
        vault.harvest();
        withdrawn += fees;
        if (fees > 0) ++done[this.harvest.selector];
    }

    function collectEarnings(uint256 node) external {
        address[] memory collected = new address[](2);
        (collected[0], collected[1]) = (nodeOf(node), nodeOf(node));
        act(this.collectEarnings.selector, stranger, abi.encodeCall(IExchange.collectEarnings, (collected)));
    }

    // Leases

    function open(uint256 who, uint256 seed, uint256 amount, uint256 duration) external {
        if (leases.length == LEASES_MAX && !forgetOneClosed()) return;
        address account = accountOf(who);
        uint256 size = bound(seed, 1, 5);
        Lease memory lease = Lease(account, vm.addr(SESSION), bytes32(++salts), new address[](size));
        uint256 start = (seed >> 8) % (NODES - size + 1);
        for (uint256 i = 0; i < size; ++i) lease.nodes[i] = nodes[start + i];
        amount = bound(amount, 0, exchange.balanceOf(account) + 1);
        uint40 expiry = uint40(block.timestamp + bound(duration, 0, 2 days));
        if (act(this.open.selector, account, abi.encodeCall(IExchange.open, (lease, amount, expiry)))) {
            leases.push(lease);
            leaseIds.push(exchange.leaseIdOf(lease));
        }
    }

    function openMany(uint256 seed, uint256 amount, uint256 duration) external {
        if (leases.length == LEASES_MAX && !forgetOneClosed()) return;
        Lease memory lease = Lease(consumer, vm.addr(SESSION), bytes32(++salts), new address[](3));
        for (uint256 i = 0; i < 3; ++i) lease.nodes[i] = nodes[(seed % (NODES - 2)) + i];
        uint96 locked = uint96(bound(amount, 0, exchange.balanceOf(consumer) + 1));
        uint40 expiry = uint40(block.timestamp + bound(duration, 0, 2 days));
        LeaseOpening[] memory openings = new LeaseOpening[](2);
        openings[0] = signOpening(CONSUMER_KEY, lease, locked, expiry, uint40(block.timestamp));
        // The same once more: the second must find the lease open already.
        openings[1] = openings[0];
        attempt(stranger, abi.encodeCall(IExchange.openMany, (PackedOpenings.pack(openings))));
        bytes32 leaseId = exchange.leaseIdOf(lease);
        if (exchange.leaseOf(leaseId).status == LeaseStatus.None) return;
        leases.push(lease);
        leaseIds.push(leaseId);
        ++done[this.openMany.selector];
    }

    function topUp(uint256 who, uint256 which, uint256 amount) external {
        address account = accountOf(who);
        amount = bound(amount, 0, exchange.balanceOf(account) + 1);
        bytes memory data = abi.encodeCall(IExchange.topUp, (exchange.leaseIdOf(leaseAt(which)), amount));
        act(this.topUp.selector, account, data);
    }

    function extend(uint256 which, uint256 duration) external {
        Lease memory lease = leaseAt(which);
        uint40 expiry = uint40(block.timestamp + bound(duration, 0, 2 days));
        act(this.extend.selector, lease.consumer, abi.encodeCall(IExchange.extend, (lease, expiry)));
    }

    function close(uint256 which) external {
        act(
            this.close.selector,
            stranger,
            abi.encodeCall(IExchange.close, (leaseAt(8 * uint256(keccak256(abi.encode(which)) >> 8))))
        );
    }

    // Settlement

    function settle(uint256 which, uint256 who, uint256 seed, uint256 price) external {
        force(this.settle.selector, IExchange.settle.selector, which, who, seed, price);
    }

    function adjudicate(uint256 which, uint256 who, uint256 seed, uint256 price) external {
        force(this.adjudicate.selector, IExchange.adjudicate.selector, which, who, seed, price);
    }

    function claim(uint256 which, uint256 who, uint256 seed, uint256 price) external {
        Lease memory lease = leaseAt(which);
        bytes32 leaseId = exchange.leaseIdOf(lease);
        JobOrder[] memory orders = new JobOrder[](1 + (seed % 3));
        for (uint256 i = 0; i < orders.length; ++i) {
            orders[i] = orderAt(leaseId, uint256(keccak256(abi.encode(seed, i))));
            orders[i].deadline = uint40(block.timestamp - (seed % 16 == 0 ? 0 : 1 + (seed % GRACE)));
        }
        uint96 perNode = uint96(bound(price, 0, FUNDS / 8));
        (ClaimedOrder[] memory claimed, bytes[] memory signatures) = claimOf(lease, orders, perNode);
        bytes memory data = abi.encodeCall(IExchange.claim, (lease, claimed, RIGHT, perNode, signatures));
        if (!act(this.claim.selector, accountOf(who), data)) return;
        for (uint256 i = 0; i < orders.length; ++i) paidOnce(leaseId, orders[i].nonce);
    }

    function clear(uint256 which, uint256 seed, uint256 price) external {
        Voucher[] memory vouchers = new Voucher[](2);
        LeaseView[] memory before = new LeaseView[](2);
        for (uint256 i = 0; i < 2; ++i) {
            Lease memory lease = leaseAt(uint256(uint128(which)) + i);
            bytes32 leaseId = exchange.leaseIdOf(lease);
            before[i] = exchange.leaseOf(leaseId);
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            uint256 each = bound(price, 0, before[i].funds / lease.nodes.length + 1);
            if (chance % 2 == 0) nextNonce[leaseId] += 2;
            vouchers[i] = Voucher({
                lease: lease,
                perNode: before[i].paidPerNode + uint64(each),
                upTo: chance % 16 == 1 ? 0 : nextNonce[leaseId],
                forced: chance % 16 == 2 ? before[i].forced + 1 : before[i].forced,
                last: chance % 16 == 3
            });
        }
        address silent = seed % 8 == 0 ? nodeOf(seed >> 8) : address(0);
        bytes memory batch = batchOf(nodes, vouchers, uint40(block.timestamp), silent);
        attempt(stranger, abi.encodeCall(IExchange.clear, (batch)));
        for (uint256 i = 0; i < 2; ++i) {
            LeaseView memory now_ = exchange.leaseOf(exchange.leaseIdOf(vouchers[i].lease));
            require(now_.paidPerNode >= before[i].paidPerNode && now_.upTo >= before[i].upTo, "a voucher went back");
            if (now_.paidPerNode > before[i].paidPerNode) ++done[this.clear.selector];
        }
    }

    function warp(uint256 duration) external {
        // Hashed, because the fuzzer likes small numbers and time must pass.
        vm.warp(block.timestamp + bound(uint256(keccak256(abi.encode(duration))), 0, 6 hours));
    }

    // What the invariants ask

    /// Everything that the exchange owes to anyone.
    function owed() external view returns (uint256 total) {
        for (uint256 i = 0; i < accounts.length; ++i) total += exchange.balanceOf(accounts[i]);
        total += exchange.balanceOf(stranger) + exchange.balanceOf(address(vault));
        for (uint256 i = 0; i < NODES; ++i) total += exchange.nodeOf(nodes[i]).earned;
        for (uint256 i = 0; i < leaseIds.length; ++i) total += exchange.leaseOf(leaseIds[i]).funds;
    }

    function held() external view returns (uint256) {
        return token.balanceOf(address(exchange));
    }

    /// Everyone leaves, once all deadlines have passed.
    function exit() external returns (uint256 left) {
        if (msg.sender != TEST) return 0;
        uint256 end = block.timestamp + 366 days;
        vm.warp(end);
        for (uint256 i = 0; i < leases.length; ++i) {
            if (exchange.leaseOf(leaseIds[i]).status == LeaseStatus.Closable) exchange.close(leases[i]);
        }
        exchange.collectEarnings(nodes);
        vault.harvest();
        accounts.push(stranger);
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 amount = exchange.balanceOf(accounts[i]);
            if (amount == 0) continue;
            vm.prank(accounts[i]);
            exchange.withdraw(amount);
        }
        return token.balanceOf(address(exchange));
    }

    /// Everything that hands do, each with up to four arguments of chance.
    function actions() external pure returns (bytes4[] memory all) {
        all = new bytes4[](15);
        all[0] = this.deposit.selector;
        all[1] = this.withdraw.selector;
        all[2] = this.addStake.selector;
        all[3] = this.startUnbonding.selector;
        all[4] = this.harvest.selector;
        all[5] = this.collectEarnings.selector;
        all[6] = this.open.selector;
        all[7] = this.topUp.selector;
        all[8] = this.extend.selector;
        all[9] = this.close.selector;
        all[10] = this.settle.selector;
        all[11] = this.adjudicate.selector;
        all[12] = this.claim.selector;
        all[13] = this.clear.selector;
        all[14] = this.openMany.selector;
    }

    // Chance

    function orderAt(bytes32 leaseId, uint256 seed) private returns (JobOrder memory order) {
        bool fresh = seed % 8 != 0;
        uint32 nonce = fresh ? ++nextNonce[leaseId] : uint32(seed % 4);
        order = orderOf(leaseId, nonce);
        order.quorumBps =
            seed % 16 == 0
                ? 5_000
                : seed % 4 == 0
                    ? 10_000
                    : 5_001;
        order.maxPrice = uint96(bound(seed >> 32, 0, FUNDS / 8));
        order.forceFee = uint96(bound(seed >> 64, 0, 1e6));
        uint256 from = block.timestamp - GRACE - 60;
        order.deadline = uint40(bound(seed >> 96, from, block.timestamp + 2 * GRACE));
    }

    function attestationsOf(
        JobOrder memory order,
        address[] memory committee,
        uint256 seed,
        uint256 price
    ) private view returns (Attestation[] memory attestations) {
        uint256 absent = seed % 3 == 0 ? seed % committee.length : committee.length;
        attestations = new Attestation[](absent == committee.length ? committee.length : committee.length - 1);
        uint256 j = 0;
        for (uint256 i = 0; i < committee.length; ++i) {
            if (i == absent) continue;
            bytes32 result = (seed >> (128 + i)) % 8 == 0 ? WRONG : RIGHT;
            uint96 asked = uint96(bound(uint256(uint128(price)) + uint64(seed >> i), 0, FUNDS / 8));
            attestations[j++] = attestOne(order, committee[i], result, asked);
        }
    }

    function forgetOneClosed() private returns (bool) {
        for (uint256 i = 0; i < leases.length; ++i) {
            if (exchange.leaseOf(leaseIds[i]).status != LeaseStatus.Closed) continue;
            leases[i] = leases[leases.length - 1];
            leaseIds[i] = leaseIds[leases.length - 1];
            leases.pop();
            leaseIds.pop();
            return true;
        }
        return false;
    }

    function force(bytes4 action, bytes4 selector, uint256 which, uint256 who, uint256 seed, uint256 price) private {
        Lease memory lease = leaseAt(which);
        bytes32 leaseId = exchange.leaseIdOf(lease);
        JobOrder memory order = orderAt(leaseId, seed);
        Attestation[] memory attestations = attestationsOf(order, lease.nodes, seed, price);
        bytes memory data = abi.encodeWithSelector(selector, lease, order, signOrder(order), attestations);
        if (act(action, accountOf(who), data)) paidOnce(leaseId, order.nonce);
    }

    function paidOnce(bytes32 leaseId, uint32 nonce) private {
        require(++paidTimes[leaseId][nonce] == 1, "one order paid twice");
        require(nonce > exchange.leaseOf(leaseId).upTo, "an order paid over two rungs");
    }

    function accountOf(uint256 who) private view returns (address) {
        return accounts[who % accounts.length];
    }

    function nodeOf(uint256 which) private view returns (address) {
        return nodes[which % NODES];
    }

    /// Mostly a lease that lives, sometimes any, or terms that nobody opened.
    function leaseAt(uint256 which) private view returns (Lease memory) {
        if (leases.length == 0) return leaseOf(nodes);
        uint256 index = which % leases.length;
        for (uint256 i = 0; i < leases.length && which % 8 != 0; ++i) {
            if (exchange.leaseOf(leaseIds[index]).status == LeaseStatus.Live) break;
            index = (index + 1) % leases.length;
        }
        return leases[index];
    }

    function act(bytes4 action, address caller, bytes memory data) private returns (bool ok) {
        ok = attempt(caller, data);
        if (ok) ++done[action];
    }

    function attempt(address caller, bytes memory data) private returns (bool) {
        ++attempts;
        vm.prank(caller);
        (bool ok, bytes memory result) = address(exchange).call{gas: SETTLED_GAS}(data);
        bytes4 reason = bytes4(result);
        require(ok || (result.length >= 4 && reason != bytes4(0x4e487b71)), "panic, or no reason given");
        return ok;
    }
}

/// The money gate: whatever happens, in whatever order, what is held is what is owed, and all of it can leave.
contract SolvencyTest is RandomHands {
    ExchangeHandler private handler;

    function setUp() public {
        handler = new ExchangeHandler();
        hands = address(handler);
    }

    /// hardhat-config: invariant.runs = 200
    /// hardhat-config: invariant.depth = 500
    function invariant_WhatIsHeldIsWhatIsOwed() public view {
        // A unit that is lost stays lost, so a few calls later is early enough, and asking costs as much as a call.
        if (handler.attempts() % 8 != 0) return;
        uint256 held = handler.held();
        require(held == handler.owed(), "held differs from owed");
        require(held == handler.deposited() - handler.withdrawn(), "held differs from what came in and stayed");
    }

    function afterInvariant() public {
        require(handler.exit() == 0, "a unit is stuck");
    }

    /// The invariants say nothing about what the hands never manage to do.
    function test_TheRandomHandsManageEverything() public {
        bytes4[] memory actions = handler.actions();
        tryAtRandom(actions, handler.warp.selector, 1_600);
        for (uint256 i = 0; i < actions.length; ++i) {
            require(handler.done(actions[i]) > 0, string(abi.encodePacked("never done: action ", uint8(65 + i))));
        }
        require(handler.held() == handler.owed(), "held differs from owed");
        require(handler.exit() == 0, "a unit is stuck");
    }

    function argumentsOf(bytes32 chance) internal pure override returns (bytes memory) {
        return abi.encode(uint8(chance[0]), uint8(chance[1]), keccak256(abi.encode(chance)), chance);
    }
}
