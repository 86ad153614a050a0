// Decides how the outcome of a call for many leases is read: what took effect, and a typed reason for each part that was
// skipped. It never sends, and never repeats a part that failed.
import { type Hex, isAddressEqual, type Log, parseEventLogs } from "viem";
import { SKIP_REASONS, type SkipReason } from "#protocol/lease-transitions.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Amount, NodeId } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import type { ChainSettings } from "./connect.ts";
import { lowerAddresses } from "./lower-addresses.ts";
import { refusalOf } from "./refusals.ts";

/** A part of a batch that changed nothing. */
export interface SkippedPart {
  /** Its place in the batch, from 0. */
  readonly index: number;
  /** 0 when its terms could not be read. */
  readonly lease: Hex;
  readonly refusal: ProtocolError;
}

export interface ClearingOutcome {
  /** Signing hash of the batch. */
  readonly batch: Hex;
  readonly cleared: readonly {
    readonly lease: Hex;
    readonly perNode: Amount;
    readonly upTo: number;
    /** What left the lease for its committee, base units. */
    readonly total: Amount;
  }[];
  readonly paid: readonly { readonly node: NodeId; readonly amount: Amount }[];
  /** Leases that closed with their last voucher, and what went back. */
  readonly closed: readonly { readonly lease: Hex; readonly refund: Amount }[];
  readonly skipped: readonly SkippedPart[];
}

export interface OpeningsOutcome {
  readonly opened: readonly Hex[];
  readonly skipped: readonly SkippedPart[];
}

interface Target {
  readonly settings: Pick<ChainSettings, "exchange">;
}

const HINTS: Readonly<Record<SkipReason, string>> = {
  "seat-unknown": "Pack the batch anew with every node of its committees.",
  "lease-not-live": "Nothing to do: what this lease still owed, it no longer can pay.",
  "node-not-signed": "Get the signature of every node of its committee, then clear again.",
  "voucher-not-signed": "Ask the consumer for a voucher by the lease's session key.",
  "forced-since": "Ask for a voucher that counts the forced settlements, or force the other orders too.",
  "voucher-stale": "Nothing to do: a later voucher was cleared.",
  "lease-underfunded": "Ask the consumer to top the lease up, or force what its funds cover.",
};

/** What a mined `clear` did; undefined when the logs hold no clearing of this exchange. */
export function clearingOutcome(chain: Target, logs: readonly Log[]): ClearingOutcome | undefined {
  const events = eventsOf(chain, logs);
  const batch = events.find(({ eventName }) => eventName === "BatchCleared");
  if (batch?.eventName !== "BatchCleared") return undefined;
  return {
    batch: batch.args.batchId,
    cleared: events.flatMap(({ eventName, args }) =>
      eventName === "LeaseCleared"
        ? [{ lease: args.leaseId, perNode: args.perNode, upTo: args.upTo, total: args.total }]
        : [],
    ),
    paid: events.flatMap(({ eventName, args }) =>
      eventName === "NodeCleared" ? [{ node: lowerAddresses(args.node), amount: args.amount }] : [],
    ),
    closed: events.flatMap(({ eventName, args }) =>
      eventName === "LeaseClosed" ? [{ lease: args.leaseId, refund: args.refund }] : [],
    ),
    skipped: events.flatMap(({ eventName, args }) =>
      eventName === "EntrySkipped"
        ? [{ index: Number(args.index), lease: args.leaseId, refusal: skipped(args.leaseId, args.reason) }]
        : [],
    ),
  };
}

/** What a mined `openMany` did. */
export function openingsOutcome(chain: Target, logs: readonly Log[]): OpeningsOutcome {
  const events = eventsOf(chain, logs);
  return {
    opened: events.flatMap(({ eventName, args }) => (eventName === "LeaseOpened" ? [args.leaseId] : [])),
    skipped: events.flatMap(({ eventName, args }) =>
      eventName === "OpeningSkipped"
        ? [{ index: Number(args.index), lease: args.leaseId, refusal: refusalOf("open", args.reason, undefined) }]
        : [],
    ),
  };
}

function eventsOf({ settings }: Target, logs: readonly Log[]) {
  const decoded = parseEventLogs({ abi: exchangeAbi, logs: [...logs], strict: true });
  return decoded.filter(({ address }) => isAddressEqual(address, settings.exchange));
}

function skipped(lease: Hex, code: number): ProtocolError {
  const reason = SKIP_REASONS[code - 1];
  if (reason === undefined) {
    return new ProtocolError(
      "internal",
      "skip-reason-unknown",
      `The exchange skipped lease ${lease}: reason ${code}.`,
      {
        context: { lease, reason: code },
      },
    );
  }
  const message = `The clearing left lease ${lease} as it was: ${reason.replaceAll("-", " ")}.`;
  return new ProtocolError("rejected", reason, message, { hint: HINTS[reason], context: { lease }, retryable: false });
}
