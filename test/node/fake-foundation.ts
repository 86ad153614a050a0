// Fakes for tests of the node: a chain that is a map, and a runtime that can be honest, lie, hang or fail.
import { setTimeout as sleep } from "node:timers/promises";
import { type Address, type Hex, hexToBytes, keccak256, type LocalAccount, numberToHex } from "viem";
import type { CourtChain } from "#node/court/court-chain.ts";
import type { NodeFoundation } from "#node/node-foundation.ts";
import type { ChainView, ClearingChain, LeaseFacts, RescueChain } from "#node/orders/chain-view.ts";
import type { RunJob } from "#node/orders/order-parts.ts";
import { type BlsSecret, deriveBlsSecret } from "#protocol/bls.ts";
import { encodeResponse } from "#protocol/message.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Execution } from "#runtime/execution.ts";
import { newKey, unixNow } from "./order-fixture.ts";

export class FakeChain implements ChainView {
  readonly leases = new Map<Hex, LeaseFacts>();
  readonly owners = new Map<Address, Address>();
  readonly settled = new Set<string>();
  /** Seconds. */
  grace = 5;
  /** Thrown by every read, when set. */
  down: ProtocolError | undefined;

  /** Opens a lease as the contract would. */
  fund(lease: Hex, facts: Partial<LeaseFacts> = {}): void {
    this.leases.set(lease, {
      remaining: 100_000_000n,
      expiry: unixNow() + 3_600,
      open: true,
      upTo: 0,
      paidPerNode: 0n,
      forced: 0,
      ...facts,
    });
  }

  async readLease(lease: Hex): Promise<LeaseFacts | undefined> {
    this.#requireUp();
    return this.leases.get(lease);
  }

  async isOrderSettled(lease: Hex, nonce: number): Promise<boolean> {
    this.#requireUp();
    return this.settled.has(`${lease}/${nonce}`);
  }

  async readNode(node: Address): Promise<{ owner: Address; earned: bigint } | undefined> {
    this.#requireUp();
    const owner = this.owners.get(node);
    return owner && { owner, earned: 7n };
  }

  async graceSeconds(): Promise<number> {
    this.#requireUp();
    return this.grace;
  }

  #requireUp(): void {
    if (this.down) throw this.down;
  }
}

/** A clock that a test moves on. */
export class TestClock {
  #ahead = 0;

  readonly now = (): number => unixNow() + this.#ahead;

  /** Moves on to that time, Unix seconds; never back. */
  moveTo(time: number): void {
    this.#ahead += Math.max(0, time - this.now());
  }
}

/** How a fake runtime behaves. `random` says something else every time, as no deterministic runtime does. */
export type Behaviour = "honest" | "lies" | "hangs" | "random" | "host-fault" | "faults-once" | "refuses";

const UTF8 = new TextEncoder();
let calls = 0;

export function fakeRunJob(behaviour: Behaviour): RunJob {
  let runs = 0;
  return async ({ image, readBlob, invocation, signal }) => {
    runs++;
    await readBlob(image);
    if (behaviour === "hangs") await sleep(600_000, undefined, { signal });
    if (behaviour === "refuses") throw new ProtocolError("invalid", "image-refused", "The image is refused.");
    if (behaviour === "host-fault" || (behaviour === "faults-once" && runs === 1)) {
      throw new ProtocolError("internal", "host-fault", "The executor died.", { retryable: true });
    }
    return execution(invocation.request, behaviour);
  };
}

function execution(request: Uint8Array, behaviour: Behaviour): Execution {
  const text = { lies: "a lie", random: `call ${++calls}` }[behaviour as string] ?? "the truth";
  const response = encodeResponse({ status: 200, headers: [], body: UTF8.encode(text) });
  const usage = { fuel: 1_000n, memoryPages: 2, bytesIn: request.length, bytesOut: response.length, events: 0 };
  return { outcome: "ok", response, usage, logs: "" };
}

export interface FakeParts {
  readonly behaviour?: Behaviour;
  readonly key?: LocalAccount;
  readonly clearings?: ClearingChain;
  readonly rescues?: RescueChain;
  readonly court?: CourtChain;
  readonly juror?: BlsSecret;
  readonly now?: () => number;
}

const noClearings: ClearingChain = {
  gasPrice: () => Promise.reject(new Error("not asked")),
  clear: () => Promise.reject(new Error("not asked")),
};

const noRescues: RescueChain = {
  gasPrice: () => Promise.reject(new Error("not asked")),
  frozenUntil: () => Promise.reject(new Error("not asked")),
  force: () => Promise.reject(new Error("not asked")),
  claim: () => Promise.reject(new Error("not asked")),
};

/** A chain without draws, stakes or disputes. */
const noCourt: CourtChain = {
  domain: () => Promise.reject(new Error("not asked")),
  gasPrice: () => Promise.reject(new Error("not asked")),
  block: () => Promise.reject(new Error("not asked")),
  async *changes(_from, signal) {
    await sleep(600_000, undefined, { signal, ref: false }).catch(() => {});
  },
  isDrawn: () => Promise.resolve(false),
  committeeOf: () => Promise.resolve(undefined),
  stakeOf: () => Promise.resolve(0n),
  jurorKey: () => Promise.resolve(undefined),
  caseOf: () => Promise.resolve(undefined),
  drawOf: () => Promise.resolve(undefined),
  juryOf: () => Promise.reject(new Error("not asked")),
  send: () => Promise.reject(new Error("not asked")),
};

export function fakeFoundation(chain: ChainView, parts: FakeParts = {}): NodeFoundation {
  const { behaviour = "honest", key = newKey(), clearings = noClearings, rescues = noRescues, now = unixNow } = parts;
  return {
    court: parts.court ?? noCourt,
    juror: parts.juror ?? deriveBlsSecret(hexToBytes(keccak256(key.address)), "juror of a test"),
    signer: { address: key.address, signTypedData: (data) => key.signTypedData(data) },
    chain,
    clearings,
    rescues,
    runtimeId: `fake-runtime/${numberToHex(1)}`,
    isolation: "process",
    runJob: fakeRunJob(behaviour),
    now,
    close: async () => {},
  };
}
