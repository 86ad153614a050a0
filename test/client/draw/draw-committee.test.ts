// How a consumer goes on with a draw, whatever the chain has done meanwhile; the contract's own rules are tested with it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hex } from "viem";
import { drawCommittee } from "#client/draw/draw-committee.ts";
import type { DrawLedger } from "#client/draw/draw-ledger.ts";
import { CLIENT_LIMITS } from "#client/limits.ts";
import type { JobProgress } from "#client/progress.ts";
import { committeeSubject } from "#protocol/committee-subject.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { coded } from "../../chain/coded.ts";
import { fakeClock } from "../fake/fake-clock.ts";

const DELAY = 4;
const PROVABLE = 256;
const NODES = ["0x01", "0x02"].map((end) => `0x${"00".repeat(19)}${end.slice(2)}` as Hex);
const committee = {
  consumer: NODES[0] as Hex,
  sessionKey: NODES[1] as Hex,
  salt: `0x${"07".repeat(32)}`,
  size: 2,
} as const;

/** Draws by the contract's rules on a chain that makes a block a second, until `stopsAt`. */
function fakeDraws({ stopsAt = Number.POSITIVE_INFINITY, lag = 0 } = {}) {
  const clock = fakeClock();
  const startedAt = clock.now();
  const sent: string[] = [];
  let draw: { requestedAt: number; beaconBlock: number; randomness: Hex | undefined } | undefined;
  const blockNow = () => Math.min(stopsAt, 100 + Math.floor((clock.now() - startedAt) / 1_000));
  const draws: DrawLedger = {
    block: async () => blockNow(),
    drawOf: async (subject) => (subject === committeeSubject(committee) ? draw : undefined),
    request: async (_subject, missed) => {
      sent.push(`request ${missed ?? ""}`);
      const block = blockNow();
      if (draw && (draw.randomness || block - draw.beaconBlock <= PROVABLE)) return;
      draw = { requestedAt: block, beaconBlock: block + DELAY, randomness: undefined };
    },
    record: async (beaconBlock) => {
      const age = blockNow() - beaconBlock;
      if (age < lag || age > PROVABLE) {
        sent.push("record refused");
        throw new ProtocolError("rejected", "header-not-provable", "Not provable.", { hint: "Wait." });
      }
      sent.push(`record ${beaconBlock}`);
      if (draw?.beaconBlock === beaconBlock) draw.randomness = `0x${"01".repeat(32)}`;
    },
    price: async () => 5n,
    committeeOf: async () => NODES,
    prove: async () => "0x",
  };
  const progress: JobProgress[] = [];
  const world = {
    draws,
    clock,
    signal: new AbortController().signal,
    onProgress: (e: JobProgress) => progress.push(e),
  };
  return { world, sent, progress, clock };
}

test("a committee is asked for, its beacon waited for and recorded, and its nodes read", async () => {
  const { world, sent, progress } = fakeDraws();
  assert.deepEqual(await drawCommittee(world, committee), NODES);
  assert.deepEqual(sent, ["request ", "record 104"]);
  assert.ok(progress.length > 1 && progress.every((event) => event.step === "drawing" && event.beaconBlock === 104));
  // What is drawn is only read.
  assert.deepEqual(await drawCommittee(world, committee), NODES);
  assert.equal(sent.length, 2);
});

test("a beacon that the endpoint cannot prove yet is waited for", async () => {
  const { world, sent } = fakeDraws({ lag: 2 });
  assert.deepEqual(await drawCommittee(world, committee), NODES);
  assert.equal(sent.at(-1), "record 104");
  assert.deepEqual(new Set(sent.slice(1, -1)), new Set(["record refused"]));
});

test("a beacon that was missed is asked for again", async () => {
  const { world, sent, clock } = fakeDraws();
  await world.draws.request(committeeSubject(committee));
  await clock.sleep(400_000);
  assert.deepEqual(await drawCommittee(world, committee), NODES);
  assert.deepEqual(sent, ["request ", "record refused", "request 104", "record 504"]);
});

test("a chain that stands still is told after a while, and the draw goes on later", async () => {
  const { world, sent, clock } = fakeDraws({ stopsAt: 102 });
  const before = clock.now();
  await assert.rejects(drawCommittee(world, committee), coded("beacon-late", "unreachable"));
  assert.ok(clock.now() - before >= CLIENT_LIMITS.drawQuietMillis);
  assert.deepEqual(sent, ["request "]);
});
