// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange, JobOrder, Lease} from "../../contracts/interfaces/IExchange.sol";
import {ExchangeTest} from "./ExchangeTest.sol";
import {FeeToken} from "./HostileTokens.sol";

contract VaultTest is ExchangeTest {
    address private holder = address(0x01DE);

    function setUp() public {
        setUpExchange();
    }

    function test_ADepositJustBeforeAFeeGainsNothing() public {
        hold(holder, 100e6);
        uint256 shares = hold(stranger, 100e6);
        profit(50e6);
        vm.prank(stranger);
        uint256 assets = vault.redeem(shares, stranger, stranger);
        require(assets <= 100e6, "the late one gained");
        vm.warp(START + vault.DRIP());
        require(vault.convertToAssets(vault.balanceOf(holder)) > 150e6 - 2, "the profit is not the holder's");
    }

    function test_AShareIsAMillionthOfTheTokensUnit() public {
        equal(vault.decimals(), token.decimals() + 6, "decimals");
        equal(hold(holder, 10 ** token.decimals()), 10 ** vault.decimals(), "one token's shares");
    }

    function test_ProfitDripsEvenly() public {
        hold(holder, 100e6);
        profit(70e6);
        equal(vault.dripping(), 70e6, "at first");
        vm.warp(START + 1 days);
        equal(vault.dripping(), 60e6, "after a day");
        vm.warp(START + 7 days);
        equal(vault.dripping(), 0, "at last");
        equal(vault.totalAssets(), 170e6, "assets");
    }

    function test_ManySmallProfitsDoNotPutALargeOneOff() public {
        hold(holder, 100e6);
        profit(70e6);
        for (uint256 i = 1; i <= 70; ++i) {
            vm.warp(START + i * (1 days / 10));
            profit(1);
        }
        require(vault.dripping() < 1e3, "the profit was put off");
    }

    function test_ProfitWaitsWhileNobodyHoldsAShare() public {
        profit(70e6);
        vm.warp(START + 30 days);
        equal(vault.totalAssets(), 0, "assets");
        uint256 shares = hold(holder, 10e6);
        equal(shares, 10e12, "shares");
        equal(vault.dripping(), 70e6, "dripping");
        vm.warp(START + 37 days);
        vm.prank(holder);
        require(vault.redeem(shares, holder, holder) > 80e6 - 10, "something is stuck");
    }

    function test_ForfeitedSharesDripToThoseWhoRemain() public {
        hold(holder, 100e6);
        uint256 shares = hold(stranger, 100e6);
        uint256 price = vault.convertToAssets(1e12);
        vm.prank(stranger);
        equal(vault.forfeit(shares), 100e6, "assets");
        equal(vault.convertToAssets(1e12), price, "price");
        vm.warp(START + vault.DRIP());
        require(vault.convertToAssets(vault.balanceOf(holder)) > 200e6 - 2, "the forfeited is not the holder's");
    }

    function test_AnEarlyHolderCannotMakeSharesTooDearForTheNext() public {
        uint256 mine = hold(stranger, 1);
        profit(1_000_000e6);
        vm.warp(START + vault.DRIP());
        uint256 victims = hold(holder, 1_000e6);
        require(vault.convertToAssets(victims) > 999e6, "the next holder lost to the first");
        require(mine > 0);
    }

    function test_FeeOnTransferTokenIsRefusedByTheMeasuredDelta() public {
        FeeToken taxed = new FeeToken(false);
        deployAll(taxed, GRACE);
        taxed.mint(address(this), 1_000);
        taxed.approve(address(vault), 1_000);
        expectError(abi.encodeWithSelector(IExchange.TokenNotExact.selector, 1_000, 990));
        vault.deposit(1_000, address(this));
    }

    function test_HarvestTakesTheFeesFromTheExchange() public {
        hold(holder, 100e6);
        collectFees(10e6);
        equal(exchange.balanceOf(address(vault)), 3e5, "fees");
        equal(vault.harvest(), 3e5, "profit");
        equal(exchange.balanceOf(address(vault)), 0, "fees");
        equal(vault.harvest(), 0, "nothing more");
    }

    /// Whatever part of the vault a trader holds, hiring its own nodes costs it more in fees than comes back.
    function testFuzz_WashTradingDoesNotPay(uint64 held, uint64 others, uint8 rounds) public {
        uint256 shares = hold(stranger, bound(held, 1, 1e12));
        hold(holder, bound(others, 1, 1e12));
        uint256 worth = vault.convertToAssets(shares);
        uint256 spent = 0;
        for (uint256 i = 0; i <= rounds % 3; ++i) {
            uint256 fees = exchange.balanceOf(address(vault));
            collectFees(uint96(10e6 - 7 * i));
            spent += exchange.balanceOf(address(vault)) - fees;
        }
        vault.harvest();
        vm.warp(block.timestamp + 2 * vault.DRIP());
        require(vault.convertToAssets(shares) <= worth + spent, "wash trading pays");
        require(spent > 0, "wash trading is free");
    }

    /// One committee of one trader's nodes is paid by that trader, and collects.
    function collectFees(uint96 price) private {
        address[] memory nodes = newCommittee(3, uint256(keccak256(abi.encode(price))));
        (Lease memory lease, bytes32 leaseId) = openLease(nodes);
        JobOrder memory order = orderOf(leaseId, 1);
        exchange.settle(lease, order, signOrder(order), attest(order, nodes, 3, price));
        exchange.collectEarnings(nodes);
    }

    function hold(address account, uint256 amount) private returns (uint256) {
        token.mint(account, amount);
        vm.prank(account);
        token.approve(address(vault), amount);
        vm.prank(account);
        return vault.deposit(amount, account);
    }

    function profit(uint256 amount) private {
        token.mint(address(vault), amount);
        vault.harvest();
    }
}
