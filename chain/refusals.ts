// Decides how the contracts' own errors are told to people: a class, a sentence and what to do next.
// It never decides whether a call is refused: that is the contracts' business.
import { decodeErrorResult, type Hex } from "viem";
import { LEASE_STATES } from "#protocol/lease-transitions.ts";
import { type ContextValue, type ErrorCategory, ProtocolError } from "#protocol/protocol-error.ts";
import { formatAmount, formatShares } from "#protocol/units.ts";
import { courtAbi } from "./abi/court-abi.ts";
import { drawsAbi } from "./abi/draws-abi.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { paymentTokenAbi } from "./abi/payment-token-abi.ts";
import { stakingAbi } from "./abi/staking-abi.ts";
import { vaultAbi } from "./abi/vault-abi.ts";
import { lowerAddresses } from "./lower-addresses.ts";

/** A call may come back with the refusal of a contract behind the one that was called. */
const ALL_ABIS = [...exchangeAbi, ...stakingAbi, ...drawsAbi, ...courtAbi, ...vaultAbi, ...paymentTokenAbi] as const;

type Context = Readonly<Record<string, ContextValue>>;

interface RefusalText {
  readonly category?: ErrorCategory;
  readonly message?: (context: Context) => string;
  readonly hint: string;
}

const tokens = (value: ContextValue): string => (typeof value === "bigint" ? formatAmount(value) : String(value));
const shares = (value: ContextValue): string => (typeof value === "bigint" ? formatShares(value) : String(value));
const date = (value: ContextValue): string => {
  const millis = Number(value) * 1000;
  return millis <= 8.64e15 ? new Date(millis).toISOString() : String(value);
};

/** The refusals that people meet; the others are told by their name and values alone. */
const TEXTS: Readonly<Record<string, RefusalText>> = {
  AccountUnderfunded: {
    category: "funds",
    message: ({ account, balance, needed }) =>
      `Account ${account} holds ${tokens(balance)} tokens in the exchange, ${tokens(needed)} are needed.`,
    hint: "Deposit the difference first.",
  },
  LeaseUnderfunded: {
    category: "funds",
    message: ({ leaseId, funds, needed }) =>
      `Lease ${leaseId} holds ${tokens(funds)} tokens, the order needs ${tokens(needed)}.`,
    hint: "Top the lease up, then settle again; nothing was consumed.",
  },
  StakeUnderfunded: {
    category: "funds",
    message: ({ node, staked, needed }) => `Node ${node} has ${shares(staked)} shares staked, not ${shares(needed)}.`,
    hint: "Ask for at most what is staked.",
  },
  ERC20InsufficientBalance: {
    category: "funds",
    message: ({ sender, balance, needed }) =>
      `${sender} holds ${tokens(balance)} tokens, ${tokens(needed)} are needed.`,
    hint: "Get payment tokens to this address first; on a local chain, mint them.",
  },
  ERC20InsufficientAllowance: {
    category: "funds",
    message: ({ spender, allowance, needed }) =>
      `The contract ${spender} may take ${tokens(allowance)} tokens, ${tokens(needed)} are needed.`,
    hint: "Approve that contract for the amount; the exchange takes a permit too.",
  },
  MintTooLarge: { hint: "Mint less in one call." },
  AmountZero: { category: "invalid", message: () => "The amount is zero.", hint: "Give an amount above zero." },
  NodeUnknown: { hint: "Register the node first, or leave it out of the committee." },
  NodeAlreadyRegistered: { hint: "Use it as it is: a node's owner is bound for ever." },
  NodeSignatureInvalid: { hint: "Sign the registration with the node's key, for this chain, exchange and owner." },
  SignatureExpired: { hint: "Sign again with a later end of validity." },
  StakeNodeUnknown: { hint: "Register the node first." },
  NotStakeOwner: { hint: "Send from the account that owns the node." },
  NotConsumer: { hint: "Send from the account that the lease names as consumer." },
  StakeLocked: {
    message: ({ node, until }) => `The stake of node ${node} is locked until ${date(until)}.`,
    hint: "Try again after that time.",
  },
  NothingUnbonding: {
    message: ({ node }) => `No stake of node ${node} is on its way out.`,
    hint: "Start it first, with mimik node unstake.",
  },
  SharesZero: { category: "invalid", message: () => "The number of shares is zero.", hint: "Give more than that." },
  ERC4626ExceededMaxRedeem: {
    category: "funds",
    message: ({ owner, shares: asked, max }) => `${owner} holds ${shares(max)} shares, not ${shares(asked)}.`,
    hint: "Redeem at most what is held.",
  },
  OwnerRepeated: { hint: "Choose nodes of distinct owners." },
  LeaseAlreadyOpened: { hint: "Use another salt: a lease id never opens twice." },
  LeaseNotLive: { hint: "Open a new lease." },
  LeaseNotClosable: {
    message: ({ leaseId, from }) => `Lease ${leaseId} can be closed after ${date(from)}.`,
    hint: "Try again after that time.",
  },
  OrderExpired: {
    message: ({ orderId, until }) => `Order ${orderId} could be settled until ${date(until)}.`,
    hint: "Close the lease after its grace to get the remainder back.",
  },
  NonceUsed: { hint: "Nothing to do: this order is settled." },
  NonceCovered: { hint: "Nothing to do: a cleared voucher covers this order." },
  AttestationsMissing: { hint: "Bring every node's attestation, or wait until the deadline has passed." },
  OpeningSignatureInvalid: { hint: "Sign the opening with the consumer's own key, for this chain and exchange." },
  BatchMalformed: { hint: "Pack the batch anew: nothing was charged." },
  OrderInTime: {
    message: ({ orderId, deadline }) => `The consumer may pay for order ${orderId} until ${date(deadline)}.`,
    hint: "Try again after that time.",
  },
  ClaimSignaturesMissing: { hint: "Get the signature of every node of the committee, or settle order by order." },
  ClaimSignatureInvalid: { hint: "Have that node sign this very claim: the same orders in the same order." },
  NoDissent: { hint: "Nothing to do: all that were shown agree." },
  DrawUnknown: { hint: "Request the draw first." },
  BeaconNotRecorded: {
    message: ({ subject, beaconBlock }) => `Draw ${subject} waits for the randomness of block ${beaconBlock}.`,
    hint: "Record that block's header once it is past; anyone may.",
  },
  HeaderNotProvable: {
    message: ({ blockNumber, current }) => `In block ${current} the chain does not know the hash of ${blockNumber}.`,
    hint: "Wait until the block is past; when it is too old, request the draw again.",
  },
  HeaderMismatch: { hint: "Bring the header of that very block of this chain." },
  CommitteeNotDrawn: { hint: "Open the lease with the nodes that were drawn." },
  TooFewOwners: {
    message: ({ seats, seated }) => `Only ${seated} owners with stake were found for ${seats} seats.`,
    hint: "Draw fewer nodes, or wait until more owners have staked.",
  },
  NoQuorum: { hint: "Run the work again with other nodes; nobody was paid." },
  LeaseNotDrawn: { hint: "Prove first that the committee was drawn; a chosen one is neither judged nor punished." },
  OrderStillOpen: {
    message: ({ orderId, deadline }) => `Order ${orderId} runs until ${date(deadline)}.`,
    hint: "Try again after that time.",
  },
  AppealOver: {
    message: ({ orderId, until }) => `Order ${orderId} could be appealed until ${date(until)}.`,
    hint: "Nothing to do: the majority's result stands.",
  },
  AppealStillOpen: {
    message: ({ orderId, until }) => `Order ${orderId} can be appealed until ${date(until)}.`,
    hint: "Try again after that time, or after the verdict if there is an appeal.",
  },
  NotAnAttester: { hint: "Send from a node of these attestations, or from its owner." },
  NothingToAppeal: { hint: "Show attestations of different results, or that of an accused node." },
  JuryNotDrawn: { hint: "Record the beacon of that block first." },
  VerdictTooWeak: { hint: "Gather more jurors' signatures." },
  VerdictSignatureInvalid: { hint: "Leave out every juror whose signature does not hold, and sum up the others anew." },
  NotJurorsKey: { hint: "Use the keys that the jurors have registered by now." },
  CaseAlreadyDecided: { hint: "Carry the verdict out." },
  CaseUndecided: { hint: "Bring the jury's verdict first." },
  NobodyToPunish: {
    hint: "Nothing to do: all that were shown are right, punished, were not accused, or have no stake.",
  },
  PayNotDue: {
    message: ({ orderId, from }) =>
      `The jury of order ${orderId} is paid when its pay is whole, or after ${date(from)}.`,
    hint: "Punish the losers first, or try again after that time.",
  },
};

/** The typed error for what a contract reverted with; `call` names what was tried. */
export function refusalOf(call: string, data: Hex, cause: unknown): ProtocolError {
  let decoded: { errorName: string; args?: readonly unknown[] | undefined; abiItem: unknown };
  try {
    decoded = decodeErrorResult({ abi: ALL_ABIS, data });
  } catch {
    return revertedWithout(call, { data: data.slice(0, 138) }, cause);
  }
  const { errorName } = decoded;
  if (errorName === "Error" || errorName === "Panic") {
    return revertedWithout(call, { reason: String(decoded.args?.[0]).slice(0, 200) }, cause);
  }
  const context = lowerAddresses(contextOf(decoded.abiItem as AbiError, decoded.args ?? []));
  const text = TEXTS[errorName];
  const fallback = Object.entries(context).map(([name, value]) => `${name} ${value}`);
  const message =
    text?.message?.(context) ??
    `The contract refuses ${call}: ${words(errorName)}${fallback.length > 0 ? ` (${fallback.join(", ")})` : ""}.`;
  return new ProtocolError(text?.category ?? "rejected", kebabCase(errorName), message, {
    hint: text?.hint ?? "Check the call's values against the contract's rules.",
    context: { ...context, call },
    retryable: false,
    cause,
  });
}

/** A revert that says nothing that we understand. */
export function revertedWithout(call: string, context: Context, cause?: unknown): ProtocolError {
  const reason = typeof context.reason === "string" && context.reason !== "" ? `: ${context.reason}` : "";
  return new ProtocolError("rejected", "transaction-reverted", `The contract reverts ${call}${reason}.`, {
    hint: "Check that the addresses are those of this exchange and its token.",
    context: { ...context, call },
    retryable: false,
    cause,
  });
}

interface AbiError {
  readonly name: string;
  readonly inputs: readonly { readonly name?: string }[];
}

function contextOf({ name, inputs }: AbiError, args: readonly unknown[]): Context {
  const entries = inputs.map((input, index): [string, ContextValue] => {
    const value = args[index] as ContextValue;
    if (name === "LeaseNotLive" && input.name === "status") return ["status", LEASE_STATES[Number(value)] ?? value];
    return [input.name || `value${index}`, value];
  });
  return Object.fromEntries(entries);
}

function words(name: string): string {
  return kebabCase(name).replaceAll("-", " ");
}

/** `ERC20InsufficientBalance` becomes `erc20-insufficient-balance`. */
function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}
