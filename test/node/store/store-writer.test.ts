import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Hex } from "viem";
import { type NodeStore, openStore } from "#node/store/open-store.ts";
import {
  ORDER_EVENTS,
  ORDER_STATES,
  ORDER_TRANSITIONS,
  type OrderEvent,
  type OrderState,
} from "#protocol/order-state.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { LeaseId } from "#protocol/units.ts";
import { makeOrder, newKey, RATES, unixNow } from "../order-fixture.ts";

const directory = mkdtempSync(join(tmpdir(), "mimik-store-"));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, "node.sqlite");
const hash = (byte: string): Hex => `0x${byte.repeat(32)}`;
const key = newKey();
let orders = 0;

async function accepted({ writer }: NodeStore, message = {}): Promise<Hex> {
  const { id, submission } = await makeOrder({ nodes: [key.address], message: { nonce: ++orders, ...message } });
  const { token: _token, ...kept } = submission;
  const now = unixNow();
  writer.acceptOrder({
    order: id,
    submission: kept,
    rates: RATES,
    tokenHash: "00",
    acceptedAt: now,
    pinUntil: now + 60,
  });
  return id;
}

/** The writer's call for an event: what is signed has calls of its own. */
function apply({ writer }: NodeStore, order: Hex, event: OrderEvent): void {
  const now = unixNow();
  if (event === "commit") {
    const [resultHash, salt, seal] = [hash("01"), hash("02"), hash("03")];
    writer.storeResult(order, { receipts: [], resultHash, price: 5n, salt, seal });
    writer.recordCommitment(order, hash("04"), now);
  } else if (event === "attest") {
    writer.openAttestation(order, { resultHash: hash("01"), price: 5n, commits: hash("05"), commitments: [] });
    writer.recordAttestation(order, hash("06"), now);
  } else writer.move(order, event, now);
}

const WAY: Readonly<Record<OrderState, readonly OrderEvent[]>> = {
  waiting: [],
  queued: ["blobs-complete"],
  running: ["blobs-complete", "start"],
  committed: ["blobs-complete", "start", "commit"],
  attested: ["blobs-complete", "start", "commit", "attest"],
  failed: ["fail"],
  expired: ["deadline"],
  cancelled: ["cancel"],
};

test("every pair of state and event does what the table says, and nothing else", async () => {
  using store = openStore(path);
  for (const state of ORDER_STATES) {
    for (const event of ORDER_EVENTS) {
      const order = await accepted(store);
      for (const step of WAY[state]) apply(store, order, step);
      assert.equal(store.reader.order(order)?.state, state);
      // Attesting again is answered with what stands, so it is not a second event.
      if (state === "attested" && event === "attest") continue;
      const next = ORDER_TRANSITIONS[state][event];
      if (next === undefined)
        assert.throws(() => apply(store, order, event), { code: "order-state" }, `${state} ${event}`);
      else apply(store, order, event);
      assert.equal(store.reader.order(order)?.state, next ?? state, `${state} after ${event}`);
    }
  }
});

const SHOWN = { order: hash("0a"), node: "0x00000000000000000000000000000000000000aa", seal: hash("0b") } as const;
const FIRST = {
  resultHash: hash("01"),
  price: 5n,
  commits: hash("aa"),
  commitments: [{ message: SHOWN, signature: `0x${"0c".repeat(65)}` as Hex }],
};

test("the first attestation stands, whatever is asked later, also after a restart", async () => {
  const order = await (async () => {
    using store = openStore(path);
    const id = await accepted(store);
    for (const step of WAY.committed) apply(store, id, step);
    store.writer.openAttestation(id, FIRST);
    return id;
  })();
  using store = openStore(path);
  const other = { resultHash: hash("09"), price: 9n, commits: hash("bb"), commitments: [] };
  assert.deepEqual(store.writer.openAttestation(order, other), { ...FIRST, signature: undefined });
  store.writer.recordAttestation(order, hash("06"), unixNow());
  store.writer.recordAttestation(order, hash("07"), unixNow());
  assert.equal(store.reader.attestation(order)?.signature, hash("06"));
});

test("a second result for one order is refused", async () => {
  using store = openStore(path);
  const order = await accepted(store);
  for (const step of WAY.running) apply(store, order, step);
  const result = { receipts: [], resultHash: hash("01"), price: 5n, salt: hash("02"), seal: hash("03") };
  store.writer.storeResult(order, result);
  assert.throws(() => store.writer.storeResult(order, { ...result, price: 6n }));
  assert.equal(store.reader.result(order)?.price, 5n);
});

test("the sequence of offers grows across restarts and never falls behind the clock", () => {
  const first = (() => {
    using store = openStore(path);
    return store.writer.nextOfferSequence(1_000);
  })();
  using store = openStore(path);
  assert.equal(first, 1_000n);
  assert.equal(store.writer.nextOfferSequence(900), 1_001n);
  assert.equal(store.writer.nextOfferSequence(5_000), 5_000n);
});

test("what a lease may still be charged leaves out what failed, what is settled and what is too late", async () => {
  using store = openStore(path);
  const lease = hash("77");
  const ids: Hex[] = [];
  for (const nonce of [1, 2, 3, 4]) ids.push(await accepted(store, { lease, nonce, maxPrice: 10n ** BigInt(nonce) }));
  const [failed, settled] = ids as [Hex, Hex];
  apply(store, failed, "fail");
  store.writer.markSettled([settled]);
  const sum = store.reader.unpaidOrders(lease, unixNow()).reduce((total, { maxPrice }) => total + maxPrice, 0n);
  assert.equal(sum, 11_000n);
  assert.deepEqual(store.reader.unpaidOrders(lease, unixNow() + 120), []);
});

test("pruning deletes all that is known of an order", async () => {
  using store = openStore(path);
  const order = await accepted(store);
  for (const step of WAY.attested) apply(store, order, step);
  assert.ok(store.reader.expiredRecords(unixNow() + 120, 1_000).includes(order));
  store.writer.prune([order]);
  assert.equal(store.reader.order(order), undefined);
  assert.equal(store.reader.result(order), undefined);
  assert.equal(store.reader.attestation(order), undefined);
});

test("room for answers is promised from the acceptance until they are written", async () => {
  using store = openStore(path);
  const before = store.reader.blobBytes(unixNow()).pinned;
  const order = await accepted(store);
  const { blobs, jobs } = store.reader.work(order)?.submission ?? { blobs: [], jobs: [] };
  const declared = blobs.reduce((sum, { size }) => sum + size, 0);
  const promised = jobs.reduce((sum, { responseBytes }) => sum + responseBytes, 0);
  assert.equal(store.reader.blobBytes(unixNow()).pinned, before + declared + promised);
  for (const step of WAY.committed) apply(store, order, step);
  assert.equal(store.reader.blobBytes(unixNow()).pinned, before + declared);
});

test("two nodes cannot use one store", () => {
  using _store = openStore(path);
  assert.throws(
    () => openStore(path),
    (error: unknown) => error instanceof ProtocolError && error.code === "store-locked",
  );
});

test("a voucher never gives way to one that says less, unless a forced settlement voided it", async () => {
  using store = openStore(path);
  const { submission, lease } = await makeOrder({ nodes: [key.address] });
  const keep = (perNode: bigint, upTo: number, change: Partial<Voucher> = {}) => {
    const message = { lease: lease as LeaseId, perNode, upTo, forced: 0, last: false, ...change };
    const record = {
      terms: submission.lease,
      voucher: { message, signature: hash("0a") },
      expiry: unixNow(),
      peers: [],
      receivedAt: unixNow(),
    };
    store.writer.keepVoucher(record);
  };
  const held = () => store.reader.voucher(lease)?.voucher.message;
  keep(10n, 1);
  keep(2n ** 64n - 1n, 3);
  for (const [perNode, upTo] of [
    [10n, 3],
    [2n ** 64n - 1n, 2],
  ] as const) {
    assert.throws(() => keep(perNode, upTo), { code: "voucher-stale" });
  }
  assert.deepEqual([held()?.perNode, held()?.upTo], [2n ** 64n - 1n, 3]);
  keep(5n, 2, { forced: 1 });
  assert.deepEqual([held()?.perNode, held()?.forced], [5n, 1]);
  keep(5n, 2, { forced: 1, last: true });
  assert.throws(() => keep(6n, 3, { forced: 1 }), { code: "voucher-stale" });
  store.writer.pruneVouchers(unixNow() - 1);
  assert.ok(held());
  store.writer.pruneVouchers(unixNow() + 1);
  assert.equal(held(), undefined);
});

test("an order is in one claim at a time, until that claim can no longer be carried out", async () => {
  using store = openStore(path);
  const { reader, writer } = store;
  const ids: Hex[] = [];
  for (let i = 0; i < 3; i++) {
    const id = await accepted(store);
    for (const step of WAY.attested) apply(store, id, step);
    ids.push(id);
  }
  const [first, second, third] = ids as [Hex, Hex, Hex];
  const [lease, now] = [hash("1e"), unixNow()];
  const claimOf = (claim: Hex, orders: readonly Hex[], until = now + 10) => ({
    claim,
    orders: orders.map((order, index) => ({ order, nonce: index + 1 })),
    until,
  });
  const keep = (claim: ReturnType<typeof claimOf>, at = now) =>
    writer.keepClaim(lease, claim, reader.standingClaims(lease, at));
  const one = claimOf(hash("c1"), [first, second]);
  keep(one);
  keep(one);
  assert.deepEqual(reader.standingClaims(lease, now), [one]);
  assert.throws(() => keep(claimOf(hash("c2"), [second, third])), { code: "claim-overlaps" });
  keep(claimOf(hash("c3"), [third]));
  assert.equal(reader.standingClaims(lease, now).length, 2);
  // One of its orders is paid otherwise, so the whole claim is void and the other order is free.
  writer.markSettled([first]);
  keep(claimOf(hash("c4"), [second]));
  assert.deepEqual(
    reader
      .standingClaims(lease, now)
      .map(({ claim }) => claim)
      .sort(),
    [hash("c3"), hash("c4")],
  );
  // Its time has passed.
  assert.deepEqual(reader.standingClaims(lease, now + 11), []);
  keep(claimOf(hash("c5"), [second, third], now + 20), now + 11);
  assert.deepEqual(reader.standingClaims(lease, now + 11), [claimOf(hash("c5"), [second, third], now + 20)]);
});

test("of what another node attests the first stands, also after a restart", () => {
  const node = "0x00000000000000000000000000000000000000bb" as const;
  const message = { order: hash("0d"), node, resultHash: hash("01"), price: 5n, commits: hash("05") };
  const signed = { message, signature: `0x${"0c".repeat(65)}` as Hex };
  {
    using store = openStore(path);
    store.writer.keepPeerAttestations([signed]);
  }
  using store = openStore(path);
  store.writer.keepPeerAttestations([{ ...signed, message: { ...message, price: 9n } }]);
  assert.deepEqual(store.reader.peerAttestations(hash("0d")), [signed]);
  store.writer.prune([hash("0d")]);
  assert.deepEqual(store.reader.peerAttestations(hash("0d")), []);
});
