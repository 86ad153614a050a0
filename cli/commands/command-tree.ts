// Every command of mimik, in the order in which the help lists them.
import type { CommandGroup, RunnableCommand } from "../command/command.ts";
import { bidCancelCommand } from "./bid/cancel/bid-cancel-command.ts";
import { bidListCommand } from "./bid/list/bid-list-command.ts";
import { doctorCommand } from "./doctor/doctor-command.ts";
import { earningsCommand } from "./earnings/earnings-command.ts";
import { exchangeDeployCommand } from "./exchange/deploy/exchange-deploy-command.ts";
import { jobListCommand } from "./job/list/job-list-command.ts";
import { jobResumeCommand } from "./job/resume/job-resume-command.ts";
import { jobShowCommand } from "./job/show/job-show-command.ts";
import { leaseCloseCommand } from "./lease/close/lease-close-command.ts";
import { leaseListCommand } from "./lease/list/lease-list-command.ts";
import { leasePayCommand } from "./lease/pay/lease-pay-command.ts";
import { marketplaceStartCommand } from "./marketplace/start/marketplace-start-command.ts";
import { nodeRegisterCommand } from "./node/register/node-register-command.ts";
import { nodeShowCommand } from "./node/show/node-show-command.ts";
import { nodeStakeCommand } from "./node/stake/node-stake-command.ts";
import { nodeStartCommand } from "./node/start/node-start-command.ts";
import { nodeSweepCommand } from "./node/sweep/node-sweep-command.ts";
import { nodeUnstakeCommand } from "./node/unstake/node-unstake-command.ts";
import { nodeWithdrawStakeCommand } from "./node/withdraw-stake/node-withdraw-stake-command.ts";
import { offerCreateCommand } from "./offer/create/offer-create-command.ts";
import { offerListCommand } from "./offer/list/offer-list-command.ts";
import { packCommand } from "./pack/pack-command.ts";
import { quoteCommand } from "./quote/quote-command.ts";
import { rentCommand } from "./rent/rent-command.ts";
import { runCommand } from "./run/run-command.ts";
import { shareDepositCommand } from "./share/deposit/share-deposit-command.ts";
import { shareHarvestCommand } from "./share/harvest/share-harvest-command.ts";
import { shareRedeemCommand } from "./share/redeem/share-redeem-command.ts";
import { shareShowCommand } from "./share/show/share-show-command.ts";
import { upCommand } from "./up/up-command.ts";
import { verifyCommand } from "./verify/verify-command.ts";
import { walletCreateCommand } from "./wallet/create/wallet-create-command.ts";
import { walletFundCommand } from "./wallet/fund/wallet-fund-command.ts";
import { walletListCommand } from "./wallet/list/wallet-list-command.ts";
import { walletShowCommand } from "./wallet/show/wallet-show-command.ts";
import { walletWithdrawCommand } from "./wallet/withdraw/wallet-withdraw-command.ts";

export const COMMANDS: readonly (RunnableCommand | CommandGroup)[] = [
  upCommand,
  runCommand,
  quoteCommand,
  packCommand,
  verifyCommand,
  rentCommand,
  {
    name: "job",
    summary: "See, resume and check jobs.",
    commands: [jobListCommand, jobShowCommand, jobResumeCommand],
  },
  {
    name: "lease",
    summary: "See, pay and close leases.",
    commands: [leaseListCommand, leasePayCommand, leaseCloseCommand],
  },
  {
    name: "wallet",
    summary: "Make wallets, see and move their funds.",
    commands: [walletCreateCommand, walletListCommand, walletShowCommand, walletFundCommand, walletWithdrawCommand],
  },
  earningsCommand,
  {
    name: "share",
    summary: "See, buy and sell the profit share.",
    commands: [shareShowCommand, shareDepositCommand, shareRedeemCommand, shareHarvestCommand],
  },
  {
    name: "node",
    summary: "Serve with this machine, and stake for it.",
    commands: [
      nodeStartCommand,
      nodeRegisterCommand,
      nodeShowCommand,
      nodeStakeCommand,
      nodeUnstakeCommand,
      nodeWithdrawStakeCommand,
      nodeSweepCommand,
    ],
  },
  { name: "offer", summary: "See and make offers of nodes.", commands: [offerListCommand, offerCreateCommand] },
  { name: "bid", summary: "See and withdraw bids of consumers.", commands: [bidListCommand, bidCancelCommand] },
  { name: "marketplace", summary: "Run a meeting place.", commands: [marketplaceStartCommand] },
  { name: "exchange", summary: "Put an exchange on a chain.", commands: [exchangeDeployCommand] },
  doctorCommand,
];
