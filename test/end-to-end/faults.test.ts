// Nodes that lie, are late, or die, on a real chain with real programs: the consumer gets the right answer or its money
// back, and only nodes that agreed are paid.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readBalance } from "#chain/read-account.ts";
import { readNode } from "#chain/read-node.ts";
import type { JobResult } from "#client/job-result.ts";
import type { ProtocolError } from "#protocol/protocol-error.ts";
import { startTestMarket, type TestMarket } from "./market-fixture.ts";

/** Each is cheaper than the next, so that a choice among all gives the two that lie alike the seats. */
const [LIAR, LIAR_ALIKE, OTHER_LIAR, HONEST_A, HONEST_B, LATE] = [0, 1, 2, 3, 4, 5] as const;
/** Long enough for an honest job on a busy machine, short enough to wait for. */
const DEADLINE_SECONDS = 9;
/** So long that no cartel forces its order while these tests look at what was earned. */
const CHECKED_DEADLINE_SECONDS = 120;

let fixture: TestMarket;
before(async () => {
  fixture = await startTestMarket(["lie:wrong", "lie:wrong", "lie:wrong in another way", "none", "none", "slow:30"]);
});
after(async () => fixture?.[Symbol.asyncDispose]());

const consumer = () => fixture.market.accounts.consumer.account.address;
/** A consumer's home of its own: whom it catches would be avoided in the other tests. */
const checkedHome = () => join(fixture.directory, "checking-client");
const nodeAt = (index: number) => {
  const node = fixture.market.nodes[index];
  assert.ok(node);
  return node;
};

/** What every node has earned, uncollected: nothing is collected here. */
async function earnings(): Promise<readonly bigint[]> {
  const records = await Promise.all(fixture.market.nodes.map(({ node }) => readNode(fixture.market.chain, node)));
  return records.map((record) => record?.earned ?? 0n);
}

/** Runs `work` and gives what each node earned by it. */
async function earnedBy<Result>(work: () => Promise<Result>): Promise<{ result: Result; earned: readonly bigint[] }> {
  const earlier = await earnings();
  const result = await work();
  const later = await earnings();
  return { result, earned: later.map((amount, index) => amount - (earlier[index] ?? 0n)) };
}

function assertRightAnswer(result: JobResult): void {
  assert.equal(result.responses.length, 1);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(result.responses[0]?.body)), { hello: "world" });
}

function assertOnlyPaid(earned: readonly bigint[], paid: readonly number[]): void {
  assert.deepEqual(
    earned.map((amount) => amount > 0n),
    earned.map((_, index) => paid.includes(index)),
  );
}

test("a lying node is not paid and is named; the answer is right", async () => {
  const options = { deadlineSeconds: DEADLINE_SECONDS };
  const { result, earned } = await earnedBy(() => fixture.hello([HONEST_A, HONEST_B, LIAR], { options }));
  assertRightAnswer(result);
  assertOnlyPaid(earned, [HONEST_A, HONEST_B]);
  assert.deepEqual(
    result.dissenting.map(({ node }) => node),
    [nodeAt(LIAR).node],
  );
  assert.deepEqual(
    result.paid.map(({ owner }) => owner.toLowerCase()).toSorted(),
    [HONEST_A, HONEST_B].map((index) => nodeAt(index).owner.account.address.toLowerCase()).toSorted(),
  );
});

test("a node past the deadline is not paid and is named; the answer is right", async () => {
  const options = { deadlineSeconds: DEADLINE_SECONDS };
  const { result, earned } = await earnedBy(() => fixture.hello([HONEST_A, HONEST_B, LATE], { options }));
  assertRightAnswer(result);
  assertOnlyPaid(earned, [HONEST_A, HONEST_B]);
  assert.deepEqual(
    result.dissenting.map(({ node }) => node),
    [nodeAt(LATE).node],
  );
});

test("a node killed in the middle of a job is not paid and is named; the answer is right", async () => {
  const options = { deadlineSeconds: DEADLINE_SECONDS };
  const victim = nodeAt(LATE);
  let alive = true;
  const { result, earned } = await earnedBy(() =>
    fixture.hello([HONEST_A, HONEST_B, LATE], {
      options,
      // The honest ones have committed, so the victim, which got the same order, is in its job now.
      onProgress: ({ step }) => {
        if (step !== "committed" || !alive) return;
        alive = false;
        process.kill(victim.program.pid, "SIGKILL");
      },
    }),
  );
  assert.equal(alive, false);
  assertRightAnswer(result);
  assertOnlyPaid(earned, [HONEST_A, HONEST_B]);
  assert.deepEqual(
    result.dissenting.map(({ node }) => node),
    [victim.node],
  );
});

test("a lazy cartel agrees on a lie: another committee's answer catches it, and only that one is paid", async () => {
  const check = { share: 1, by: "committee" } as const;
  const options = { replicas: 2, quorumBps: 10_000, deadlineSeconds: CHECKED_DEADLINE_SECONDS, check };
  const checked = { runtime: undefined, checkRuntime: fixture.runtime, home: checkedHome(), options };
  const { earned } = await earnedBy(() =>
    assert.rejects(fixture.hello([LIAR, LIAR_ALIKE, HONEST_A, HONEST_B], checked), (error: ProtocolError) => {
      assert.equal(error.code, "answer-wrong");
      const cartel = [LIAR, LIAR_ALIKE].map((index) => nodeAt(index).node);
      assert.deepEqual([...(error.context.nodes as string[])].toSorted(), cartel.toSorted());
      assert.match(String(error.context.difference), /^response is /);
      return true;
    }),
  );
  assertOnlyPaid(earned, [HONEST_A, HONEST_B]);
});

test("when two of three lie differently nobody is paid, and the consumer is refunded", async () => {
  const { chain } = fixture.market;
  const held = await readBalance(chain, consumer());
  const { earned } = await earnedBy(() =>
    assert.rejects(
      fixture.hello([HONEST_A, LIAR, OTHER_LIAR], { options: { deadlineSeconds: DEADLINE_SECONDS } }),
      (error: ProtocolError) => error.category === "job-failed" && error.code === "no-quorum",
    ),
  );
  assertOnlyPaid(earned, []);
  assert.ok((await readBalance(chain, consumer())) < held, "the lease still holds the budget");
  await fixture.advance(400);
  await fixture.closeLeases();
  await fixture.closeLeases(checkedHome());
  // Everything comes back but what the first jobs paid, and their leases' remainders come back too.
  const paid = (await earnings()).reduce((sum, amount) => sum + amount, 0n);
  assert.equal(await readBalance(chain, consumer()), 1_000_000_000n - paid);
});
