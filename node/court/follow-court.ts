// Keeps in the store what the chain tells of disputes, from where it was told last, over restarts and reorganisations.
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ChainChange } from "#chain/follow.ts";
import type { NodeId } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { CourtNews, CourtStore } from "../store/court-store.ts";
import type { CourtChain } from "./court-chain.ts";

export interface FollowParts {
  readonly chain: Pick<CourtChain, "changes">;
  readonly store: Pick<CourtStore, "checkpoint" | "note">;
  readonly log: Logger;
}

/** Ends by `signal` alone: what cannot be followed now is tried again. */
export async function followCourt({ chain, store, log }: FollowParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const change of chain.changes(store.checkpoint(), signal)) {
        store.note(newsOf(change), change.checkpoint);
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, "the court is not followed now");
    }
    const pause = NODE_LIMITS.courtRestSeconds * 1_000;
    await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
  }
}

function newsOf(change: ChainChange): CourtNews {
  if (change.type === "reorg") return { type: "reorg", from: change.from };
  if (change.type !== "event") return { type: "none" };
  const { event } = change;
  const { block } = event;
  if (event.name === "NodeAccused") {
    const { orderId: order, node } = event.args;
    return { type: "accused", order, node: node as NodeId, block };
  }
  if (event.name === "CaseOpened") {
    const { orderId: order, leaseId: lease, subject, closesAt } = event.args;
    return { type: "opened", opened: { order, lease, subject, closesAt: Number(closesAt) }, block };
  }
  return { type: "none" };
}
