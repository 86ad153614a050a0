// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {PaymentToken} from "../../contracts/PaymentToken.sol";
import {ExchangeTest} from "./ExchangeTest.sol";

contract PaymentTokenTest is ExchangeTest {
    uint256 private constant HOLDER_KEY = 0xA11CE;
    address private holder = vm.addr(HOLDER_KEY);

    function setUp() public {
        setUpExchange();
    }

    function test_ItsNameSymbolAndDecimals() public view {
        require(keccak256(bytes(token.name())) == keccak256("Mimik Dollar"));
        require(keccak256(bytes(token.symbol())) == keccak256("mUSD"));
        equal(token.decimals(), 6, "decimals");
    }

    function test_AnyoneMintsUpToTheLimitPerCall() public {
        uint256 limit = token.MINT_LIMIT();
        token.mint(stranger, limit);
        equal(token.balanceOf(stranger), limit, "minted");

        expectError(abi.encodeWithSelector(PaymentToken.MintTooLarge.selector, limit + 1, limit));
        token.mint(stranger, limit + 1);
    }

    function test_PermitAllowsOnceUntilItsDeadline() public {
        (uint8 v, bytes32 r, bytes32 s) = signPermit(7e6, START);
        token.permit(holder, address(exchange), 7e6, START, v, r, s);
        equal(token.allowance(holder, address(exchange)), 7e6, "allowance");

        (v, r, s) = signPermit(7e6, START - 1);
        expectError(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, START - 1));
        token.permit(holder, address(exchange), 7e6, START - 1, v, r, s);
    }

    function test_DepositWithPermitNeedsNoAllowanceBefore() public {
        token.mint(holder, 7e6);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(7e6, START);
        vm.prank(holder);
        exchange.depositWithPermit(7e6, START, v, r, s);
        equal(exchange.balanceOf(holder), 7e6, "account");
    }

    function test_PermitSpentByAFrontRunnerDoesNotBlockTheDeposit() public {
        token.mint(holder, 7e6);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(7e6, START);
        vm.prank(stranger);
        token.permit(holder, address(exchange), 7e6, START, v, r, s);
        vm.prank(holder);
        exchange.depositWithPermit(7e6, START, v, r, s);
        equal(exchange.balanceOf(holder), 7e6, "account");
    }

    function test_PermitOfAnotherAmountLeavesTheTransferToFail() public {
        token.mint(holder, 7e6);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(6e6, START);
        expectError(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(exchange), 0, 7e6)
        );
        vm.prank(holder);
        exchange.depositWithPermit(7e6, START, v, r, s);
    }

    function signPermit(uint256 amount, uint256 until) private view returns (uint8, bytes32, bytes32) {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(
            abi.encode(typeHash, holder, address(exchange), amount, token.nonces(holder), until)
        );
        return vm.sign(HOLDER_KEY, MessageHashUtils.toTypedDataHash(token.DOMAIN_SEPARATOR(), structHash));
    }
}
