// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";
import {FeeToken, ReentrantToken} from "./HostileTokens.sol";

contract AccountsTest is ExchangeTest {
    function setUp() public {
        setUpExchange();
    }

    function test_ConstructorRefusesWhatIsNoToken() public {
        expectError(abi.encodeWithSelector(IExchange.TokenNotUsable.selector, stranger));
        deployExchange(IERC20(stranger), GRACE);
        expectError(abi.encodeWithSelector(IExchange.TokenNotUsable.selector, address(this)));
        deployExchange(IERC20(address(this)), GRACE);
    }

    function test_ConstructorBoundsTheGrace() public {
        expectError(abi.encodeWithSelector(IExchange.GraceOutOfRange.selector, 0, 1, 30 days));
        deployExchange(token, 0);
        expectError(abi.encodeWithSelector(IExchange.GraceOutOfRange.selector, 30 days + 1, 1, 30 days));
        deployExchange(token, 30 days + 1);
        expectError(abi.encodeWithSelector(IExchange.GraceOutOfRange.selector, type(uint40).max, 1, 30 days));
        deployExchange(token, type(uint40).max);
    }

    function testFuzz_DepositAndWithdrawAreExact(uint96 amount, uint96 part) public {
        uint256 deposited = bound(amount, 1, token.MINT_LIMIT());
        uint256 withdrawn = bound(part, 1, deposited);
        fund(stranger, deposited);
        vm.prank(stranger);
        exchange.withdraw(withdrawn);
        equal(exchange.balanceOf(stranger), deposited - withdrawn, "account");
        equal(token.balanceOf(stranger), withdrawn, "tokens");
    }

    function test_AmountZeroMovesNothing() public {
        expectError(abi.encodeWithSelector(IExchange.AmountZero.selector));
        exchange.deposit(0);
        expectError(abi.encodeWithSelector(IExchange.AmountZero.selector));
        exchange.withdraw(0);
    }

    function test_NobodyWithdrawsMoreThanTheirAccountHolds() public {
        fund(stranger, 5);
        expectError(abi.encodeWithSelector(IExchange.AccountUnderfunded.selector, stranger, 5, 6));
        vm.prank(stranger);
        exchange.withdraw(6);
    }

    function test_DepositWithoutAllowanceFails() public {
        token.mint(stranger, 5);
        expectError(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(exchange), 0, 5));
        vm.prank(stranger);
        exchange.deposit(5);
    }

    function test_FeeOnTransferTokenIsRefusedByTheMeasuredDelta() public {
        FeeToken taxed = new FeeToken(false);
        exchange = deployExchange(taxed, GRACE);
        taxed.mint(address(this), 1_000);
        taxed.approve(address(exchange), 1_000);
        expectError(abi.encodeWithSelector(IExchange.TokenNotExact.selector, 1_000, 990));
        exchange.deposit(1_000);
    }

    function test_TokenThatTaxesTheSenderCannotDrainOthers() public {
        FeeToken taxed = new FeeToken(true);
        exchange = deployExchange(taxed, GRACE);
        taxed.mint(address(this), 2_000);
        taxed.approve(address(exchange), 1_000);
        exchange.deposit(1_000);
        expectError(abi.encodeWithSelector(IExchange.TokenNotExact.selector, 500, 505));
        exchange.withdraw(500);
    }

    function test_ExchangeHoldsAtMostWhatItsAmountsCanSay() public {
        FeeToken vast = new FeeToken(true);
        exchange = deployExchange(vast, GRACE);
        uint256 max = type(uint96).max;
        vast.mint(address(this), 2 * max);
        vast.approve(address(exchange), max + 1);
        expectError(abi.encodeWithSelector(IExchange.ExchangeFull.selector, max + 1, max));
        exchange.deposit(max + 1);
    }

    function test_ReentrancyFromAHostileTokenIsRefused() public {
        ReentrantToken hostile = new ReentrantToken();
        exchange = deployExchange(hostile, GRACE);
        hostile.mint(address(this), 10);
        hostile.mint(address(hostile), 10);
        hostile.approve(address(exchange), 10);
        bytes memory guarded = abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);

        hostile.arm(address(exchange), abi.encodeCall(IExchange.deposit, (5)));
        exchange.deposit(10);
        require(keccak256(hostile.outcome()) == keccak256(guarded), "deposit within deposit");

        hostile.arm(address(exchange), abi.encodeCall(IExchange.withdraw, (5)));
        exchange.withdraw(4);
        require(keccak256(hostile.outcome()) == keccak256(guarded), "withdraw within withdraw");

        hostile.arm(address(exchange), abi.encodeCall(IExchange.depositWithPermit, (5, 0, 0, 0, 0)));
        exchange.withdraw(6);
        require(keccak256(hostile.outcome()) == keccak256(guarded), "deposit within withdraw");
        equal(hostile.balanceOf(address(exchange)), 0, "left in the exchange");
    }
}
