// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IExchange, NodeView} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract NodesTest is ExchangeTest {
    uint256 private constant KEY = 0xB0B;
    address private node = vm.addr(KEY);
    address private owner = address(0x0A);

    function setUp() public {
        setUpExchange();
        keyOf[node] = KEY;
    }

    function test_NobodyRegistersAKeyThatIsNotTheirs() public {
        bytes memory signature = signRegistration(KEY, node, owner, START);
        expectError(abi.encodeWithSelector(IExchange.NodeSignatureInvalid.selector, node));
        vm.prank(stranger);
        exchange.registerNode(node, START, signature);
    }

    function test_RegistrationHasItsDay() public {
        bytes memory signature = signRegistration(KEY, node, owner, START - 1);
        expectError(abi.encodeWithSelector(IExchange.SignatureExpired.selector, START - 1, START));
        vm.prank(owner);
        exchange.registerNode(node, START - 1, signature);
    }

    function test_BindingIsForEver() public {
        register(node, owner);
        bytes memory signature = signRegistration(KEY, node, stranger, START);
        expectError(abi.encodeWithSelector(IExchange.NodeAlreadyRegistered.selector, node, owner));
        vm.prank(stranger);
        exchange.registerNode(node, START, signature);
    }

    function test_ZeroAddressNodeCannotBeRegisteredByAMalformedSignature() public {
        expectError(abi.encodeWithSelector(IExchange.NodeSignatureInvalid.selector, address(0)));
        exchange.registerNode(address(0), START, new bytes(65));
        expectError(abi.encodeWithSelector(IExchange.NodeSignatureInvalid.selector, address(0)));
        exchange.registerNode(address(0), START, "");
    }

    function test_CompactSignatureOfEip2098Registers() public {
        bytes memory long = signRegistration(KEY, node, owner, START);
        bytes memory compact = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) compact[i] = long[i];
        if (uint8(long[64]) == 28) compact[32] |= 0x80;
        vm.prank(owner);
        exchange.registerNode(node, START, compact);
        require(exchange.nodeOf(node).owner == owner);
    }

    function test_MalleableSignatureWithHighSIsRefused() public {
        bytes memory low = signRegistration(KEY, node, owner, START);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        uint256 s;
        assembly ("memory-safe") {
            s := mload(add(low, 0x40))
        }
        s = order - s;
        assembly ("memory-safe") {
            mstore(add(low, 0x40), s)
        }
        low[64] = low[64] == bytes1(uint8(27)) ? bytes1(uint8(28)) : bytes1(uint8(27));
        expectError(abi.encodeWithSelector(IExchange.NodeSignatureInvalid.selector, node));
        vm.prank(owner);
        exchange.registerNode(node, START, low);
    }

    function test_OnlyTheOwnerStakesAndUnbonds() public {
        expectError(abi.encodeWithSelector(IExchange.NodeUnknown.selector, node));
        exchange.addStake(node, 1);
        register(node, owner);
        expectError(abi.encodeWithSelector(IExchange.NotNodeOwner.selector, node, owner, stranger));
        vm.prank(stranger);
        exchange.addStake(node, 1);
        expectError(abi.encodeWithSelector(IExchange.NotNodeOwner.selector, node, owner, stranger));
        vm.prank(stranger);
        exchange.startUnbonding(node, 1);
    }

    function test_StakeComesFromTheOwnersAccount() public {
        register(node, owner);
        expectError(abi.encodeWithSelector(IExchange.AccountUnderfunded.selector, owner, 0, 9));
        vm.prank(owner);
        exchange.addStake(node, 9);
        expectError(abi.encodeWithSelector(IExchange.AmountZero.selector));
        vm.prank(owner);
        exchange.addStake(node, 0);

        stakeOn(node, 9);
        equal(exchange.nodeOf(node).staked, 9, "staked");
        equal(exchange.balanceOf(owner), 0, "account");
    }

    function test_UnbondingTakesItsTimeAndEndsInTheOwnersAccount() public {
        register(node, owner);
        stakeOn(node, 9);
        expectError(abi.encodeWithSelector(IExchange.StakeUnderfunded.selector, node, 9, 10));
        vm.prank(owner);
        exchange.startUnbonding(node, 10);
        expectError(abi.encodeWithSelector(IExchange.AmountZero.selector));
        vm.prank(owner);
        exchange.startUnbonding(node, 0);
        expectError(abi.encodeWithSelector(IExchange.NothingUnbonding.selector, node));
        exchange.finishUnbonding(node);

        vm.prank(owner);
        exchange.startUnbonding(node, 4);
        uint40 until = START + exchange.UNBONDING();
        vm.warp(until - 1);
        expectError(abi.encodeWithSelector(IExchange.StakeLocked.selector, node, until, until - 1));
        exchange.finishUnbonding(node);

        vm.warp(until);
        vm.prank(stranger);
        exchange.finishUnbonding(node);
        equal(exchange.balanceOf(owner), 4, "account");
        NodeView memory facts = exchange.nodeOf(node);
        equal(facts.staked, 5, "staked");
        equal(facts.unbonding, 0, "unbonding");
        equal(facts.unbondsAt, 0, "unbondsAt");
    }

    function test_UnbondingOnceMoreBeginsTheDelayAnew() public {
        register(node, owner);
        stakeOn(node, 9);
        vm.prank(owner);
        exchange.startUnbonding(node, 4);
        vm.warp(START + 100);
        vm.prank(owner);
        exchange.startUnbonding(node, 5);
        equal(exchange.nodeOf(node).unbonding, 9, "unbonding");
        equal(exchange.nodeOf(node).unbondsAt, START + 100 + exchange.UNBONDING(), "unbondsAt");
    }

    function test_CollectingIsBoundedAndPassesOverNodesWithoutEarnings() public {
        register(node, owner);
        address[] memory nodes = new address[](2);
        nodes[0] = node;
        exchange.collectEarnings(nodes);
        equal(exchange.balanceOf(owner), 0, "account");

        expectError(abi.encodeWithSelector(IExchange.TooManyNodes.selector, 513, 512));
        exchange.collectEarnings(new address[](513));
    }
}
