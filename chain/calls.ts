// Decides what each call of the contracts looks like as data. It never sends: a lane, a browser wallet or a contract
// wallet does, and all of them get the same bytes.
import {
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
  maxUint256,
  parseSignature,
} from "viem";
import { encodeOpenings } from "#protocol/opening-batch.ts";
import type {
  Attestation,
  Claim,
  JobOrder,
  LeaseTerms,
  NodeRegistration,
  OpenLease,
  Signed,
} from "#protocol/signed-messages.ts";
import type { Amount, NodeId, Shares, UnixSeconds } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { paymentTokenAbi } from "./abi/payment-token-abi.ts";
import { stakingAbi } from "./abi/staking-abi.ts";
import { vaultAbi } from "./abi/vault-abi.ts";
import type { Chain } from "./connect.ts";
import type { Permit } from "./permit.ts";

/** One call of one contract; it moves no currency of the chain. */
export interface ContractCall {
  readonly to: Address;
  readonly data: Hex;
  /** The contract's method, for people and errors. */
  readonly name: string;
}

type Target = Pick<Chain, "settings" | "token">;
type PeerTarget = Pick<Chain, "contracts">;
type Method = ContractFunctionName<typeof exchangeAbi, "nonpayable">;

/** Moves `amount` of the sender's approved tokens into its account. */
export function depositCall(chain: Target, amount: Amount): ContractCall {
  return exchangeCall(chain, "deposit", [amount]);
}

/** `depositCall` with the allowance signed beside it. */
export function depositWithPermitCall(chain: Target, permit: Permit): ContractCall {
  const { r, s, yParity } = parseSignature(permit.signature);
  return exchangeCall(chain, "depositWithPermit", [permit.amount, BigInt(permit.validUntil), 27 + yParity, r, s]);
}

/** Moves `amount` from the sender's account to its tokens. */
export function withdrawCall(chain: Target, amount: Amount): ContractCall {
  return exchangeCall(chain, "withdraw", [amount]);
}

/** Binds the node to the sender, who must be the registration's owner. */
export function registerNodeCall(chain: Target, { message, signature }: Signed<NodeRegistration>): ContractCall {
  return exchangeCall(chain, "registerNode", [message.node, message.validUntil, signature]);
}

/** Puts `amount` of the owner's tokens, approved for the staking contract, into the profit share and stakes the shares. */
export function depositStakeCall(chain: PeerTarget, node: NodeId, amount: Amount): ContractCall {
  return stakingCall(chain, "depositStake", [node, amount]);
}

/** Takes `shares` of stake out of all quorums and draws. */
export function startUnbondingCall(chain: PeerTarget, node: NodeId, shares: Shares): ContractCall {
  return stakingCall(chain, "startUnbonding", [node, shares]);
}

/** Moves what has unbonded to the owner, as shares of the profit share. */
export function finishUnbondingCall(chain: PeerTarget, node: NodeId): ContractCall {
  return stakingCall(chain, "finishUnbonding", [node]);
}

/** Brings the exchange's fees to the profit share. */
export function harvestCall({ contracts }: PeerTarget): ContractCall {
  return { to: contracts.vault, data: encodeFunctionData({ abi: vaultAbi, functionName: "harvest" }), name: "harvest" };
}

/** Puts `amount` of the sender's tokens, approved for the vault, into the profit share; `account` gets the shares. */
export function depositSharesCall({ contracts }: PeerTarget, account: Address, amount: Amount): ContractCall {
  const data = encodeFunctionData({ abi: vaultAbi, functionName: "deposit", args: [amount, account] });
  return { to: contracts.vault, data, name: "deposit" };
}

/** Redeems `shares` of the profit share, which `account` holds, for tokens to the same account. */
export function redeemSharesCall({ contracts }: PeerTarget, account: Address, shares: Shares): ContractCall {
  const data = encodeFunctionData({ abi: vaultAbi, functionName: "redeem", args: [shares, account, account] });
  return { to: contracts.vault, data, name: "redeem" };
}

/** Moves what the nodes earned, less the exchange's fee, to their owners' accounts. */
export function collectEarningsCall(chain: Target, nodes: readonly NodeId[]): ContractCall {
  return exchangeCall(chain, "collectEarnings", [nodes]);
}

/** Locks `amount` of the consumer's account for the committee. */
export function openLeaseCall(chain: Target, terms: LeaseTerms, amount: Amount, expiry: UnixSeconds): ContractCall {
  return exchangeCall(chain, "open", [terms, amount, expiry]);
}

/** Adds `amount` of the sender's account to the lease. */
export function topUpCall(chain: Target, leaseId: Hex, amount: Amount): ContractCall {
  return exchangeCall(chain, "topUp", [leaseId, amount]);
}

/** Moves the lease's expiry later. */
export function extendLeaseCall(chain: Target, terms: LeaseTerms, expiry: UnixSeconds): ContractCall {
  return exchangeCall(chain, "extend", [terms, expiry]);
}

/** Returns the remainder to the consumer after expiry + grace. */
export function closeLeaseCall(chain: Target, terms: LeaseTerms): ContractCall {
  return exchangeCall(chain, "close", [terms]);
}

/** Pays the nodes that agree; `attestations` strictly ascending by node. */
export function settleCall(
  chain: Target,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return attestedCall(chain, "settle", terms, order, attestations);
}

/** `settleCall` after the deadline, which also freezes the stake of the dissenters among `attestations`. */
export function adjudicateCall(
  chain: Target,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return attestedCall(chain, "adjudicate", terms, order, attestations);
}

/**
 * Opens leases by their consumers' signatures; one that cannot be opened is skipped.
 * @throws as `encodeOpenings`
 */
export function openManyCall(chain: Target, openings: readonly Signed<OpenLease>[]): ContractCall {
  return exchangeCall(chain, "openMany", [encodeOpenings(openings)]);
}

/**
 * Pays the whole committee for orders of a silent consumer, by the claim that all of them signed.
 * @param work its orders with the session key's signatures, in the claim's order
 * @param signatures of every node, in the committee's order
 */
export function claimCall(
  chain: Target,
  terms: LeaseTerms,
  work: { readonly orders: readonly Signed<JobOrder>[]; readonly claim: Claim },
  signatures: readonly Hex[],
): ContractCall {
  const orders = work.orders.map(({ message, signature }) => ({ order: message, signature }));
  const { receiptsRoot, perNode } = work.claim;
  return exchangeCall(chain, "claim", [terms, orders, receiptsRoot, perNode, signatures]);
}

/** Charges leases by their vouchers; `batch` as `encodeClearing` packs it. */
export function clearCall(chain: Target, batch: Hex): ContractCall {
  return exchangeCall(chain, "clear", [batch]);
}

/** Lets the exchange take `amount` of the sender's tokens. */
export function approveCall({ settings, token }: Target, amount: Amount): ContractCall {
  return approvalCall(token, settings.exchange, amount);
}

/** Lets the staking contract take `amount` of the sender's tokens. */
export function approveStakeCall({ contracts, token }: PeerTarget & Target, amount: Amount): ContractCall {
  return approvalCall(token, contracts.staking, amount);
}

/** Lets the contract of draws take the prices of draws that the sender asks for, however many: it takes no other. */
export function approveDrawsCall({ contracts, token }: PeerTarget & Target): ContractCall {
  return approvalCall(token, contracts.draws, maxUint256);
}

/** Lets the profit share take `amount` of the sender's tokens. */
export function approveSharesCall({ contracts, token }: PeerTarget & Target, amount: Amount): ContractCall {
  return approvalCall(token, contracts.vault, amount);
}

/** Moves `amount` of the sender's tokens to `to`. */
export function transferTokensCall({ token }: Pick<Target, "token">, to: Address, amount: Amount): ContractCall {
  const data = encodeFunctionData({ abi: paymentTokenAbi, functionName: "transfer", args: [to, amount] });
  return { to: token, data, name: "transfer" };
}

function approvalCall(token: Address, spender: Address, amount: Amount): ContractCall {
  const data = encodeFunctionData({ abi: paymentTokenAbi, functionName: "approve", args: [spender, amount] });
  return { to: token, data, name: "approve" };
}

/** Gives `to` worthless tokens of a local chain. */
export function mintCall({ token }: Pick<Target, "token">, to: Address, amount: Amount): ContractCall {
  const data = encodeFunctionData({ abi: paymentTokenAbi, functionName: "mint", args: [to, amount] });
  return { to: token, data, name: "mint" };
}

function attestedCall(
  chain: Target,
  name: "settle" | "adjudicate",
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return exchangeCall(chain, name, evidenceOf(terms, order, attestations));
}

/** What every call by attestations takes, of the exchange and of the court. */
export function evidenceOf(terms: LeaseTerms, order: Signed<JobOrder>, attestations: readonly Signed<Attestation>[]) {
  return [terms, order.message, order.signature, attestations.map(rowOf)] as const;
}

/** As the contracts want it: the signature beside the message's own fields. */
export function rowOf<Message extends object>({ message, signature }: Signed<Message>) {
  return { ...message, signature };
}

function exchangeCall<Name extends Method>(
  { settings }: Target,
  name: Name,
  args: ContractFunctionArgs<typeof exchangeAbi, "nonpayable", Name>,
): ContractCall {
  // The generic pair of name and arguments is checked above; viem's own type cannot follow it into one call.
  const parameters = { abi: exchangeAbi, functionName: name, args } as unknown as EncodeFunctionDataParameters;
  return { to: settings.exchange, data: encodeFunctionData(parameters), name };
}

function stakingCall<Name extends ContractFunctionName<typeof stakingAbi, "nonpayable">>(
  { contracts }: PeerTarget,
  name: Name,
  args: ContractFunctionArgs<typeof stakingAbi, "nonpayable", Name>,
): ContractCall {
  // As in `exchangeCall`: the pair is checked above.
  const parameters = { abi: stakingAbi, functionName: name, args } as unknown as EncodeFunctionDataParameters;
  return { to: contracts.staking, data: encodeFunctionData(parameters), name };
}
