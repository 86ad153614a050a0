import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { pino } from "pino";
import type { Hex, LocalAccount } from "viem";
import { OrderEngine } from "#node/orders/order-engine.ts";
import type { OrderParts } from "#node/orders/order-parts.ts";
import { BlobStore } from "#node/store/blob-store.ts";
import { openStore } from "#node/store/open-store.ts";
import type { OrderStatus } from "#protocol/node-api.ts";
import { commitmentSeal, resultHash } from "#protocol/order.ts";
import type { OrderState } from "#protocol/order-state.ts";
import type { Commitment, Signed } from "#protocol/signed-messages.ts";
import { signMessage, type TypedDataSigner } from "#protocol/signing.ts";
import { toWire } from "#protocol/wire.ts";
import { type Behaviour, FakeChain, fakeRunJob } from "../fake-foundation.ts";
import { DOMAIN, makeOrder, newKey, RATES, type TestOrder, unixNow } from "../order-fixture.ts";

const root = mkdtempSync(join(tmpdir(), "mimik-engine-"));
after(() => rmSync(root, { recursive: true }));
let homes = 0;

/** What outlives a crash: the disk, the key, and everything that was ever signed with it. */
interface World {
  readonly home: string;
  readonly key: LocalAccount;
  readonly others: readonly LocalAccount[];
  readonly chain: FakeChain;
  readonly signed: { type: string; message: string }[];
}

function newWorld(): World {
  return {
    home: join(root, `${++homes}`),
    key: newKey(),
    others: [newKey(), newKey()],
    chain: new FakeChain(),
    signed: [],
  };
}

async function orderIn(world: World, options = {}): Promise<TestOrder> {
  const nodes = [world.key, ...world.others].map(({ address }) => address);
  const order = await makeOrder({ nodes, ...options });
  world.chain.fund(order.lease);
  return order;
}

/** Where a process dies: at its nth write, before or after the write reached the disk. */
interface CrashPoint {
  readonly write: number;
  readonly applied: boolean;
}

class Death extends Error {}

interface Life extends AsyncDisposable {
  readonly engine: OrderEngine;
  readonly parts: OrderParts;
  /** Rejects when the process has died; never resolves. */
  readonly died: Promise<never>;
}

/** One process of the node on the world's disk, which may die at a given write. */
function live(world: World, behaviour: Behaviour, crash?: CrashPoint): Life {
  const store = openStore(`${world.home}.sqlite`);
  const { promise: died, reject } = Promise.withResolvers<never>();
  died.catch(() => {});
  let dead = false;
  let writes = 0;
  const die = (): never => {
    dead = true;
    const death = new Death("killed");
    reject(death);
    throw death;
  };
  const mortal = <Target extends object>(target: Target, counts: boolean): Target =>
    new Proxy(target, {
      get(_target, name) {
        const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          if (dead) throw new Death("dead already");
          const fatal = counts && ++writes === crash?.write;
          if (fatal && !crash?.applied) die();
          const answer = method.apply(target, args);
          return fatal ? die() : answer;
        };
      },
    });
  const [reader, writer] = [mortal(store.reader, false), mortal(store.writer, true)];
  const signer: TypedDataSigner = {
    address: world.key.address,
    signTypedData: async (data) => {
      if (dead) throw new Death("dead already");
      world.signed.push({ type: data.primaryType, message: toWire(data.message) });
      return world.key.signTypedData(data);
    },
  };
  const parts: OrderParts = {
    node: world.key.address,
    domain: DOMAIN,
    signer,
    reader,
    writer,
    blobs: new BlobStore(reader, writer, { directory: world.home, bytesMax: 1e8, now: unixNow }),
    chain: world.chain,
    runJob: fakeRunJob(behaviour),
    terms: {
      rates: RATES,
      slots: 2,
      credit: 10n ** 12n,
      queueOrders: 20,
      memoryPages: 1_024,
      blobBytes: 1e8,
      responseSeconds: 60,
    },
    meter: { jobDone: () => {}, hostFault: () => {} },
    log: pino({ level: "silent" }),
    now: unixNow,
  };
  const engine = new OrderEngine(parts);
  return {
    engine,
    parts,
    died,
    async [Symbol.asyncDispose]() {
      await engine.stop().catch(() => {});
      store[Symbol.dispose]();
    },
  };
}

async function waitFor(
  engine: OrderEngine,
  { id, submission }: TestOrder,
  ...states: OrderState[]
): Promise<OrderStatus> {
  const signal = AbortSignal.timeout(20_000);
  let status = await engine.poll(id, submission.token, { waitSeconds: 0, signal });
  while (!states.includes(status.state)) {
    signal.throwIfAborted();
    status = await engine.poll(id, submission.token, { after: status.state, waitSeconds: 5, signal });
  }
  return status;
}

/** The other nodes' commitments, new ones each time, as from a consumer that lost the first. */
async function commitments({ others }: World, order: Hex, own: Signed<Commitment>): Promise<Signed<Commitment>[]> {
  const seal = newKey().address.padEnd(66, "0").toLowerCase() as Hex;
  const theirs = others.map((key) => signMessage(key, DOMAIN, "Commitment", { order, node: key.address, seal }));
  return [own, ...(await Promise.all(theirs))];
}

/** Submits an order and sends what the node lacks. */
async function send({ engine }: Life, order: TestOrder): Promise<void> {
  const { id, submission } = order;
  const submitted = await engine.submit(submission);
  for (const digest of submitted.missing) {
    const bytes = order.blobs.get(digest) as Uint8Array;
    await engine.addBlob(
      id,
      submission.token,
      digest,
      (async function* () {
        yield bytes;
      })(),
    );
  }
}

/** Everything that a consumer does for an order, from wherever it stands, until it is attested. */
async function drive(world: World, life: Life, order: TestOrder): Promise<OrderStatus> {
  const { engine } = life;
  const { id, submission } = order;
  await send(life, order);
  const ready = await waitFor(engine, order, "committed", "attested", "failed");
  if (!ready.commitment) return ready;
  return engine.attest(id, submission.token, { commitments: await commitments(world, id, ready.commitment) });
}

function distinct(world: World, type: string): number {
  return new Set(world.signed.filter((one) => one.type === type).map(({ message }) => message)).size;
}

/** Lives through the crashes one after another, then to the end. Whether the last crash point was reached. */
async function surviveCrashes(crashes: readonly CrashPoint[]): Promise<boolean> {
  const world = newWorld();
  const order = await orderIn(world);
  let reached = false;
  for (const crash of crashes) {
    await using life = live(world, "random", crash);
    reached = await Promise.race([
      life.died,
      (async () => {
        life.engine.resume();
        await drive(world, life, order);
        return false;
      })(),
    ]).catch((error: unknown) => {
      if (error instanceof Death) return true;
      throw error;
    });
  }
  await using life = live(world, "random");
  life.engine.resume();
  const { state, attestation, salt, receipts, commitment } = await drive(world, life, order);
  assert.equal(state, "attested");
  assert.ok(attestation && salt && receipts && commitment);
  const { resultHash: result, price } = attestation.message;
  assert.equal(commitmentSeal(order.id, world.key.address, result, price, salt), commitment.message.seal);
  assert.equal(resultHash(receipts), result);
  assert.equal(distinct(world, "Attestation"), 1, "one attestation for one order, ever");
  assert.equal(distinct(world, "Commitment"), 1, "one commitment for one order, ever");
  return reached;
}

test("killed at any write, the node signs one commitment and one attestation, and finishes the order", async () => {
  let points = 0;
  for (let write = 1; await surviveCrashes([{ write, applied: false }]); write++) {
    await surviveCrashes([{ write, applied: true }]);
    points++;
  }
  assert.ok(points >= 11, `${points} points to die at`);
});

test("the same for any series of crashes", async () => {
  const crash = fc.record({ write: fc.integer({ min: 1, max: 14 }), applied: fc.boolean() });
  const series = fc.array(crash, { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(series, async (crashes) => {
      await surviveCrashes(crashes);
    }),
    { numRuns: 8 },
  );
});

test("a second set of commitments is answered with the first one's attestation", async () => {
  const world = newWorld();
  await using life = live(world, "honest");
  const order = await orderIn(world);
  const first = await drive(world, life, order);
  const again = await drive(world, life, order);
  assert.deepEqual(again.attestation, first.attestation);
  assert.equal(distinct(world, "Attestation"), 1);
});

test("two sets at the same moment still make one attestation", async () => {
  const world = newWorld();
  await using life = live(world, "honest");
  const order = await orderIn(world);
  await life.engine.submit(order.submission);
  const answers = await Promise.all([drive(world, life, order), drive(world, life, order)]);
  assert.deepEqual(answers[0].attestation, answers[1].attestation);
  assert.equal(distinct(world, "Attestation"), 1);
});

test("a fault of the host is tried once more, then the order fails without a bill", async () => {
  const world = newWorld();
  {
    await using life = live(world, "faults-once");
    assert.equal((await drive(world, life, await orderIn(world))).state, "attested");
  }
  await using life = live(world, "host-fault");
  const failed = await drive(world, life, await orderIn(world));
  assert.equal(failed.state, "failed");
  assert.equal(failed.problem?.code, "host-fault");
});

test("an image that the runtime refuses fails the order with the runtime's own reason", async () => {
  const world = newWorld();
  await using life = live(world, "refuses");
  const failed = await drive(world, life, await orderIn(world));
  assert.equal(failed.problem?.code, "image-refused");
});

test("a cancelled order stops running, frees its slot and signs nothing", async () => {
  const world = newWorld();
  await using life = live(world, "hangs");
  const order = await orderIn(world, { jobs: 3 });
  await send(life, order);
  await waitFor(life.engine, order, "running");
  assert.equal(life.engine.cancel(order.id, order.submission.token).state, "cancelled");
  await life.engine.stop();
  assert.equal(life.engine.slots.free, 2);
  assert.deepEqual(world.signed, []);
});

test("what ran when the node stopped runs again at the next start", async () => {
  const world = newWorld();
  const order = await orderIn(world);
  {
    await using life = live(world, "hangs");
    await send(life, order);
    await waitFor(life.engine, order, "running");
  }
  await using life = live(world, "honest");
  life.engine.resume();
  await waitFor(life.engine, order, "committed");
});

test("an order whose deadline passed while the node was down expires at the start", async () => {
  const world = newWorld();
  const order = await orderIn(world);
  {
    await using life = live(world, "honest");
    await life.engine.submit(order.submission);
  }
  await using life = live(world, "honest");
  const late = new OrderEngine({ ...life.parts, now: () => unixNow() + 120 });
  late.resume();
  const status = await waitFor(late, order, "expired");
  assert.equal(status.problem?.code, "order-expired");
});

test("orders wait their turn for slots, first come, first served", async () => {
  const world = newWorld();
  await using life = live(world, "honest");
  const orders = await Promise.all(Array.from({ length: 5 }, () => orderIn(world, { jobs: 3 })));
  const answers = await Promise.all(orders.map((order) => drive(world, life, order)));
  assert.deepEqual(new Set(answers.map(({ state }) => state)), new Set(["attested"]));
  assert.equal(life.engine.slots.free, 2);
});
