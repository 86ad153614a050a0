// Turns held vouchers into earnings: when a clearing pays, or a voucher may be lost, this node proposes it to the other
// nodes of the committees, and sends it with their signatures.
import { type Hex, zeroHash } from "viem";
import { type Clearing, clearingBatchOf, clearingNodes, encodeClearing } from "#protocol/clearing-batch.ts";
import { type ClearingCosts, decideClearing, leaseCost } from "#protocol/clearing-decision.ts";
import { merkleTree } from "#protocol/merkle-tree.ts";
import { compareNodes } from "#protocol/order.ts";
import { signingHash } from "#protocol/signing.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { ClearingChain } from "../orders/chain-view.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { Rounds } from "../rounds.ts";
import { type ClearableLease, type ClearableLeases, clearableLeases } from "./clearable-leases.ts";
import { type ConnectCoSigner, gatherSignatures } from "./gather-signatures.ts";

export interface DeskParts {
  readonly orders: OrderParts;
  readonly clearings: ClearingChain;
  readonly terms: {
    /** Of a whole coin of the chain, base units of the payment token. */
    readonly coinPrice: Amount;
    /** The most of its gain that the node spends on gas while it can wait, 1/10,000. */
    readonly costShareBps: number;
  };
  readonly connect: ConnectCoSigner;
}

export class ClearingDesk implements AsyncDisposable {
  readonly #parts: DeskParts;
  readonly #rounds = new Rounds();
  /** Since when each lease has had something to clear. */
  readonly #since = new Map<Hex, UnixSeconds>();
  /** The lease at which the last look ended. */
  #after: Hex = zeroHash;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#rounds.start({
      look: () => this.#look(),
      pauseMillis: NODE_LIMITS.clearingMillis,
      failedMillis: NODE_LIMITS.clearingPauseMillis,
      log: this.#parts.orders.log,
      failed: "vouchers are not cleared now",
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rounds.end();
  }

  /** One look: at most one clearing. Leases of nodes that do not sign are left out once. */
  async #look(): Promise<void> {
    const found = await clearableLeases(this.#parts.orders, this.#after);
    this.#after = found.last;
    if (found.leases.length === 0) return;
    const costs = { coinPrice: this.#parts.terms.coinPrice, gasPrice: await this.#parts.clearings.gasPrice() };
    let leases = this.#inTurn(found).filter(({ gain }) => gain > leaseCost(costs));
    for (let tries = 0; tries < 2 && leases.length > 0; tries++) {
      if (!this.#pays(leases, costs)) return;
      const clearing = this.#clearingOf(leases);
      const { orders, connect } = this.#parts;
      const { signatures, missing } = await gatherSignatures(
        orders,
        clearing,
        endpointsOf(leases),
        connect,
        this.#rounds.signal,
      );
      if (missing.length === 0) return this.#send(clearing, signatures);
      leases = leases.filter(({ record }) => !record.terms.nodes.some((node) => missing.includes(node)));
    }
  }

  /** The node that its committee names first goes first; each later one gives those before it some time. */
  #inTurn({ leases, looked }: ClearableLeases): ClearableLease[] {
    const { node, now } = this.#parts.orders;
    const known = new Set<Hex>(leases.map(({ record }) => record.voucher.message.lease));
    for (const lease of looked) if (!known.has(lease)) this.#since.delete(lease);
    return leases.filter(({ record: { terms, voucher }, clearBy }) => {
      const { lease } = voucher.message;
      const since = this.#since.get(lease) ?? now();
      this.#since.set(lease, since);
      const rank = terms.nodes.findIndex((member) => compareNodes(member, node) === 0);
      const turn = Math.min(NODE_LIMITS.clearingTurnSeconds, Math.max(0, clearBy - since) / terms.nodes.length);
      return now() >= since + rank * turn;
    });
  }

  #pays(leases: readonly ClearableLease[], costs: ClearingCosts): boolean {
    const { terms, orders } = this.#parts;
    const decision = decideClearing({
      ...costs,
      costShareBps: terms.costShareBps,
      gain: leases.reduce((sum, { gain }) => sum + gain, 0n),
      nodes: clearingNodes(leases.map(entryOf)).length,
      leases: leases.length,
      now: orders.now(),
      clearBy: Math.min(...leases.map(({ clearBy }) => clearBy)),
      marginSeconds: NODE_LIMITS.clearingMarginSeconds,
    });
    return decision === "clear" || decision === "urgent";
  }

  #clearingOf(leases: readonly ClearableLease[]): Clearing {
    const leaves = leases.flatMap((lease) => lease.leaves);
    return {
      entries: leases.map(entryOf),
      receiptsRoot: leaves.length === 0 ? zeroHash : merkleTree(leaves).root,
      validUntil: this.#parts.orders.now() + NODE_LIMITS.clearingSeconds,
    };
  }

  async #send(clearing: Clearing, signatures: ReadonlyMap<NodeId, Hex>): Promise<void> {
    const { clearings, orders } = this.#parts;
    const batch = signingHash(orders.domain, "ClearingBatch", clearingBatchOf(clearing));
    const outcome = await clearings.clear(batch, encodeClearing(clearing, signatures));
    for (const { lease, upTo } of outcome.cleared) orders.writer.markCovered(lease, upTo);
    for (const { lease, refusal } of outcome.skipped) orders.log.warn({ lease, err: refusal }, "lease not cleared");
    orders.log.info({ batch, leases: outcome.cleared.length }, "vouchers cleared");
  }
}

function entryOf({ record: { terms, voucher } }: ClearableLease) {
  return { terms, voucher };
}

function endpointsOf(leases: readonly ClearableLease[]): ReadonlyMap<NodeId, string> {
  return new Map(leases.flatMap(({ record }) => record.peers.map(({ node, endpoint }) => [node, endpoint] as const)));
}
