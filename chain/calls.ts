// Decides what each call of the contracts looks like as data. It never sends: a lane, a browser wallet or a contract
// wallet does, and all of them get the same bytes.
import {
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
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
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { paymentTokenAbi } from "./abi/payment-token-abi.ts";
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

/** Moves `amount` from the owner's account to the node's stake. */
export function addStakeCall(chain: Target, node: NodeId, amount: Amount): ContractCall {
  return exchangeCall(chain, "addStake", [node, amount]);
}

/** Takes `amount` of stake out of all quorums. */
export function startUnbondingCall(chain: Target, node: NodeId, amount: Amount): ContractCall {
  return exchangeCall(chain, "startUnbonding", [node, amount]);
}

/** Moves what has unbonded to the owner's account. */
export function finishUnbondingCall(chain: Target, node: NodeId): ContractCall {
  return exchangeCall(chain, "finishUnbonding", [node]);
}

/** Moves what the nodes earned to their owners' accounts. */
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

/** Freezes as `adjudicateCall` does and pays nobody. */
export function accuseCall(
  chain: Target,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return attestedCall(chain, "accuse", terms, order, attestations);
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
  const data = encodeFunctionData({
    abi: paymentTokenAbi,
    functionName: "approve",
    args: [settings.exchange, amount],
  });
  return { to: token, data, name: "approve" };
}

/** Gives `to` worthless tokens of a local chain. */
export function mintCall({ token }: Pick<Target, "token">, to: Address, amount: Amount): ContractCall {
  const data = encodeFunctionData({ abi: paymentTokenAbi, functionName: "mint", args: [to, amount] });
  return { to: token, data, name: "mint" };
}

function attestedCall(
  chain: Target,
  name: "settle" | "adjudicate" | "accuse",
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return exchangeCall(chain, name, [terms, order.message, order.signature, rowsOf(attestations)]);
}

/** As the contract wants them: the signature beside the message's own fields. */
function rowsOf<Message extends object>(signed: readonly Signed<Message>[]) {
  return signed.map(({ message, signature }) => ({ ...message, signature }));
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
