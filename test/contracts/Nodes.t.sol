// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
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

    function test_CollectingIsBoundedAndPassesOverNodesWithoutEarnings() public {
        register(node, owner);
        address[] memory nodes = new address[](2);
        nodes[0] = node;
        exchange.collectEarnings(nodes);
        equal(exchange.balanceOf(owner), 0, "account");

        expectError(abi.encodeWithSelector(IExchange.TooManyNodes.selector, 513, 512));
        exchange.collectEarnings(new address[](513));
    }

    function test_OwnersGetWhatTheirNodesEarnedLessTheFee() public {
        address[] memory nodes = newCommittee(3, 0);
        (Lease memory lease, bytes32 leaseId) = openLease(nodes);
        JobOrder memory order = orderOf(leaseId, 1);
        exchange.settle(lease, order, signOrder(order), attest(order, nodes, 3, 4e6 + 99));
        exchange.collectEarnings(nodes);
        for (uint256 i = 0; i < 3; ++i) equal(exchange.balanceOf(ownerOf[nodes[i]]), 4e6 + 99 - 4e4, "account");
        equal(exchange.balanceOf(address(vault)), 3 * 4e4, "fees");
        equal(earned(nodes[0]), 0, "earned");
    }

    function test_TheFeeIsBoundedAndFixed() public {
        bytes memory arguments = abi.encode(token, GRACE, 501, address(vault), address(staking));
        expectError(abi.encodeWithSelector(IExchange.FeeOutOfRange.selector, 501, 500));
        this.deployWith(arguments);
        equal(exchange.FEE_BPS(), FEE_BPS, "fee");
    }

    function deployWith(bytes calldata arguments) external {
        deployBuilt("Exchange", arguments);
    }
}
