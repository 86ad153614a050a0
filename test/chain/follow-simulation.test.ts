import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ChainChange, type Checkpoint, follow } from "#chain/follow.ts";
import { SimulatedChain } from "./simulated-chain.ts";

/** What happens to the chain, and how many of the follower's reads pass before. */
const happening = fc.record({
  reads: fc.nat(6),
  lose: fc.oneof(fc.constant(0), fc.nat(6)),
  mine: fc.array(fc.nat(2), { maxLength: 7, size: "max" }),
});

/** An index as a marketplace keeps it: rows and checkpoint change together. */
class Index {
  rows: { block: number; amount: bigint }[] = [];
  kept: Checkpoint | undefined;

  apply(change: ChainChange): void {
    if (change.type === "event") {
      assert.ok(change.event.name === "Deposited");
      this.rows.push({ block: change.event.block, amount: change.event.args.amount });
    }
    if (change.type === "reorg") this.rows = this.rows.filter(({ block }) => block < change.from);
    this.kept = change.checkpoint;
  }

  amounts(): bigint[] {
    return this.rows.map(({ amount }) => amount);
  }
}

/** When the follower's program dies: after so many reads of the chain, or so many changes taken. */
const death = fc.record({ reads: fc.nat(90), changes: fc.nat(8) });

test("an index ends with exactly what is on the chain, whatever was lost meanwhile and wherever it restarts", async () => {
  const happenings = fc.array(happening, { maxLength: 14, size: "max" });
  const deaths = fc.array(death, { maxLength: 4 });
  const widths = fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY);
  const property = fc.asyncProperty(happenings, deaths, widths, runScenario);
  await fc.assert(property, { numRuns: 500 });
});

interface Happening {
  readonly reads: number;
  readonly lose: number;
  readonly mine: readonly number[];
}

interface Death {
  readonly reads: number;
  readonly changes: number;
}

/** Reads without a change after which a follower has seen the end: several looks at the chain. */
const IDLE_READS = 80;

async function runScenario(script: readonly Happening[], deaths: readonly Death[], width: number): Promise<void> {
  const chain = new SimulatedChain();
  chain.logBlocksMax = width;
  const index = new Index();
  const upcoming = [...script];
  let sinceLast = 0;
  const happen = () => {
    sinceLast += 1;
    const [first] = upcoming;
    if (!first || sinceLast <= first.reads) return;
    upcoming.shift();
    sinceLast = 0;
    chain.lose(first.lose);
    for (const deposits of first.mine) chain.mine(deposits);
  };
  for (const { reads, changes } of deaths) {
    await run(chain, index, happen, ({ readsDone, changesDone }) => readsDone > reads || changesDone > changes);
  }
  await run(chain, index, happen, (progress) => {
    if (upcoming.length > 0) progress.idle = 0;
    return progress.idle > IDLE_READS;
  });
  assert.deepEqual(index.amounts(), chain.amounts());
}

interface Progress {
  readsDone: number;
  changesDone: number;
  /** Reads since the last change. */
  idle: number;
}

async function run(
  chain: SimulatedChain,
  index: Index,
  happen: () => void,
  isOver: (progress: Progress) => boolean,
): Promise<void> {
  const abort = new AbortController();
  const progress: Progress = { readsDone: 0, changesDone: 0, idle: 0 };
  const check = () => {
    if (isOver(progress)) abort.abort();
  };
  chain.onRead = () => {
    progress.readsDone += 1;
    progress.idle += 1;
    happen();
    check();
  };
  const options = { from: index.kept, signal: abort.signal, confirmations: 0, pollMillis: 0 };
  for await (const change of follow(chain.connect(), options)) {
    index.apply(change);
    progress.changesDone += 1;
    progress.idle = 0;
    check();
  }
}
