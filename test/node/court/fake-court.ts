// A court that is a list: what is called is told as the chain would, to every node that follows.
import { setTimeout as sleep } from "node:timers/promises";
import { type Hex, keccak256 } from "viem";
import type { ChainChange } from "#chain/follow.ts";
import type { CourtCall, CourtChain } from "#node/court/court-chain.ts";
import type { NodeId } from "#protocol/units.ts";

type Told = Extract<ChainChange, { type: "event" }>["event"];

export class FakeCourt {
  readonly calls: (CourtCall & { readonly by: string; readonly key: string })[] = [];
  readonly drawn = new Set<Hex>();
  readonly staked = new Set<string>();
  readonly keys = new Map<string, Hex>();
  readonly #changes: ChainChange[] = [];

  of(call: CourtCall["call"]) {
    return this.calls.filter((each) => each.call === call);
  }

  accuse(order: Hex, lease: Hex, node: NodeId): void {
    this.#tell({ name: "NodeAccused", args: { node, orderId: order, leaseId: lease } });
  }

  open(order: Hex, lease: Hex, closesAt: number): void {
    this.#tell({ name: "CaseOpened", args: { orderId: order, leaseId: lease, subject: order, closesAt } });
  }

  /** Takes back everything that was told. */
  reorganise(): void {
    this.#changes.push({ type: "reorg", from: 0, checkpoint: checkpoint(this.#changes.length) });
  }

  forNode(by: string): CourtChain {
    return {
      domain: () => Promise.resolve({ chainId: 1, court: `0x${"c0".repeat(20)}` }),
      gasPrice: () => Promise.resolve(0n),
      block: () => Promise.resolve(this.#changes.length),
      changes: (from, signal) => this.#follow(from?.block ?? -1, signal),
      isDrawn: (lease) => Promise.resolve(this.drawn.has(lease)),
      committeeOf: () => Promise.resolve(undefined),
      stakeOf: (node) => Promise.resolve(this.staked.has(node) ? 1n : 0n),
      jurorKey: (node) => Promise.resolve(this.keys.get(node)),
      caseOf: () => Promise.resolve(undefined),
      drawOf: () => Promise.resolve(undefined),
      juryOf: () => Promise.resolve([]),
      send: (key, call) => {
        this.calls.push({ ...call, by, key });
        if (call.call === "register") this.keys.set(call.registration.node, keccak256(call.registration.key));
        return Promise.resolve(keccak256(`0x${Buffer.from(key).toString("hex")}`));
      },
    };
  }

  async *#follow(after: number, signal: AbortSignal): AsyncGenerator<ChainChange, void, undefined> {
    for (let next = after + 1; !signal.aborted; ) {
      const change = this.#changes[next];
      if (change === undefined) await sleep(50, undefined, { signal }).catch(() => {});
      else {
        yield change;
        next++;
      }
    }
  }

  #tell(event: Pick<Told, "name" | "args">): void {
    const block = this.#changes.length;
    const place = { block, blockHash: hashOf(block), time: block, transaction: hashOf(block), index: 0 };
    const told = { ...event, ...place } as Told;
    this.#changes.push({ type: "event", event: told, checkpoint: checkpoint(block) });
  }
}

function checkpoint(block: number) {
  return { block, hash: hashOf(block), log: 0 };
}

function hashOf(block: number): Hex {
  return `0x${block.toString(16).padStart(64, "0")}`;
}
