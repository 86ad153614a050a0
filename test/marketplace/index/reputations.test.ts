import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type Hex, numberToHex } from "viem";
import { readHeader } from "#chain/block-header.ts";
import { connectChain } from "#chain/connect.ts";
import { accuseCall } from "#chain/court-calls.ts";
import { proveCommitteeCall, recordBeaconCall } from "#chain/draw-calls.ts";
import type { ExchangeEvent } from "#chain/exchange-event.ts";
import { follow } from "#chain/follow.ts";
import { readDraw } from "#chain/read-draw.ts";
import { applyEvent } from "#marketplace/index/apply-event.ts";
import { findNode, listNodes } from "#marketplace/index/read-nodes.ts";
import { reputationOf } from "#marketplace/index/reputations.ts";
import { emptyIndex, rewind } from "#marketplace/index/rewind.ts";
import { openStore, type Store } from "#marketplace/store/open-store.ts";
import { reputationFacts } from "#marketplace/store/schema.ts";
import { committeeSubject } from "#protocol/committee-subject.ts";
import {
  foldReputations,
  type Judgement,
  NO_REPUTATION,
  type Reputation,
  type ReputationFact,
} from "#protocol/reputation.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import { MIGRATIONS, temporaryFolder } from "../book-fixture.ts";
import { type Market, type OpenLease, openLease, settleJob, startMarket } from "../market-fixture.ts";
import { addressOf, nowSeconds } from "../statements.ts";

const LEASES = [1, 2, 3] as const;
const NODES = [1, 2, 3].map((index) => numberToHex(index, { size: 20 })) as readonly Hex[];
const CONSUMER = numberToHex(99, { size: 20 });
const id = (index: number) => numberToHex(index, { size: 32 });

/** What happens in one block; orders are named by the block that settles them. */
type Happening =
  | { readonly kind: "draw"; readonly lease: number }
  | { readonly kind: "settle"; readonly lease: number; readonly amounts: readonly number[] }
  | { readonly kind: "claim"; readonly lease: number; readonly amounts: readonly number[] }
  | { readonly kind: "clear"; readonly lease: number; readonly total: number }
  | { readonly kind: "accuse"; readonly node: number; readonly lease: number; readonly order: number }
  | { readonly kind: "slash"; readonly node: number; readonly order: number }
  | { readonly kind: "judge"; readonly order: number };

const lease = fc.constantFrom(...LEASES);
/** Of each node; below zero it was not among those that agreed. */
const amounts = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 3, maxLength: 3 });
/** Few, so that one order is often accused of, judged and slashed for. */
const fault = { node: fc.nat(2), order: fc.integer({ min: 2, max: 5 }) };
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant("draw" as const), lease }),
  fc.record({ kind: fc.constant("settle" as const), lease, amounts }),
  fc.record({ kind: fc.constant("claim" as const), lease, amounts }),
  fc.record({ kind: fc.constant("clear" as const), lease, total: fc.nat(1) }),
  fc.record({ kind: fc.constant("accuse" as const), lease, ...fault }),
  fc.record({ kind: fc.constant("slash" as const), ...fault }),
  fc.record({ kind: fc.constant("judge" as const), order: fault.order }),
);
const FIRST_BLOCK = 2;

type Said = {
  [Name in ExchangeEvent["name"]]: Pick<Extract<ExchangeEvent, { name: Name }>, "name" | "args">;
}[ExchangeEvent["name"]];

function feed(store: Store, block: number, said: readonly Said[]): void {
  for (const [index, each] of said.entries()) {
    const event = { ...each, block, index, blockHash: id(block), transaction: id(block), time: block };
    store.write((writer) => applyEvent(writer, event as ExchangeEvent));
  }
}

function setUp(store: Store): void {
  feed(store, 1, [
    ...NODES.map((node): Said => ({ name: "NodeRegistered", args: { node, owner: node } })),
    ...LEASES.map((index): Said => {
      const opened = { leaseId: id(index), consumer: CONSUMER, sessionKey: CONSUMER, salt: id(0), nodes: [...NODES] };
      return { name: "LeaseOpened", args: { ...opened, amount: 1_000n, expiry: 9 } };
    }),
  ]);
}

/** As the contracts say it. */
function eventsOf(happening: Happening, block: number): readonly Said[] {
  const order = id(block);
  switch (happening.kind) {
    case "draw":
      return [{ name: "LeaseDrawn", args: { leaseId: id(happening.lease), subject: id(77) } }];
    case "settle":
    case "claim": {
      const leaseId = id(happening.lease);
      const paid = happening.amounts.flatMap((amount, seat): readonly Said[] => {
        const args = { node: NODES[seat] as Hex, leaseId, orderId: order, amount: BigInt(amount) };
        return amount < 0 ? [] : [{ name: "NodePaid", args }];
      });
      const end: Said =
        happening.kind === "settle"
          ? {
              name: "OrderSettled",
              args: { leaseId, orderId: order, nonce: block, resultHash: id(5), total: 3n },
            }
          : {
              name: "OrdersClaimed",
              args: { leaseId, claimId: order, perNode: 1n, receiptsRoot: id(5), orderIds: [id(block + 1_000)] },
            };
      return [...paid, end];
    }
    case "clear": {
      const total = BigInt(happening.total);
      return [{ name: "LeaseCleared", args: { leaseId: id(happening.lease), perNode: total, upTo: block, total } }];
    }
    case "accuse": {
      const { node, lease, order: wrong } = happening;
      return [{ name: "NodeAccused", args: { node: NODES[node] as Hex, orderId: id(wrong), leaseId: id(lease) } }];
    }
    case "slash": {
      const args = { node: NODES[happening.node] as Hex, reason: id(happening.order), ofStaked: 0n, ofUnbonding: 0n };
      return [{ name: "StakeSlashed", args }];
    }
    case "judge": {
      const args = { orderId: id(happening.order), resultHash: id(5), signers: 7n, jury: [CONSUMER] };
      return [{ name: "CaseDecided", args }];
    }
  }
}

/** The same in the words of the protocol, told in one pass over the whole history. */
function factsOf(history: readonly Happening[]): readonly (ReputationFact | Judgement)[] {
  const drawn = new Set<number>();
  return history.flatMap((each): readonly (ReputationFact | Judgement)[] => {
    const agreed = (lease: number, paid: readonly Hex[]) =>
      paid.map((node): ReputationFact => {
        return { kind: "agreed", node, lease: id(lease), drawn: drawn.has(lease), paid: paid.length };
      });
    if (each.kind === "draw") {
      drawn.add(each.lease);
      return [];
    }
    if (each.kind === "clear") return each.total > 0 ? agreed(each.lease, NODES) : [];
    if (each.kind === "settle" || each.kind === "claim") {
      return agreed(each.lease, nodesWith(each.amounts, 1));
    }
    if (each.kind === "judge") return [{ kind: "judged", order: id(each.order) }];
    if (each.kind === "slash") return [{ kind: "slashed", node: NODES[each.node] as Hex, order: id(each.order) }];
    const of = { lease: id(each.lease), drawn: drawn.has(each.lease), order: id(each.order) };
    return [{ kind: "dissented", node: NODES[each.node] as Hex, ...of }];
  });
}

const nodesWith = (amounts: readonly number[], least: number) =>
  NODES.filter((_, seat) => (amounts[seat] ?? -1) >= least);

function recordsOf({ reader }: Store): readonly Reputation[] {
  return NODES.map((node) => reputationOf(reader, node));
}

function expectedOf(history: readonly Happening[]): readonly Reputation[] {
  const records = foldReputations(factsOf(history));
  return NODES.map((node) => records.get(node) ?? NO_REPUTATION);
}

test("whatever the chain says and takes back, the index holds what the protocol's fold makes of it", () => {
  using folder = temporaryFolder();
  using store = openStore({ path: join(folder.path, "market.sqlite"), migrationsDirectory: MIGRATIONS });
  fc.assert(
    fc.property(
      fc.array(happening, { maxLength: 18 }),
      fc.nat(18),
      fc.array(happening, { maxLength: 6 }),
      (a, cut, b) => {
        store.write(emptyIndex);
        setUp(store);
        const tell = (history: readonly Happening[], from: number) => {
          for (const [index, each] of history.entries()) feed(store, from + index, eventsOf(each, from + index));
        };
        tell(a, FIRST_BLOCK);
        assert.deepEqual(recordsOf(store), expectedOf(a));
        const kept = a.slice(0, cut);
        store.write((writer) => rewind(writer, FIRST_BLOCK + kept.length));
        assert.deepEqual(recordsOf(store), expectedOf(kept));
        tell(b, FIRST_BLOCK + kept.length);
        assert.deepEqual(recordsOf(store), expectedOf([...kept, ...b]));
        store.write(emptyIndex);
        assert.deepEqual(store.reader.select().from(reputationFacts).all(), []);
      },
    ),
    { numRuns: 60 },
  );
});

test("a node's row carries its record", () => {
  using folder = temporaryFolder();
  using store = openStore({ path: join(folder.path, "market.sqlite"), migrationsDirectory: MIGRATIONS });
  setUp(store);
  const history: readonly Happening[] = [
    { kind: "draw", lease: 1 },
    { kind: "settle", lease: 1, amounts: [1, 1, 0] },
    { kind: "draw", lease: 2 },
    { kind: "clear", lease: 2, total: 3 },
    { kind: "clear", lease: 3, total: 3 },
  ];
  for (const [index, each] of history.entries()) feed(store, FIRST_BLOCK + index, eventsOf(each, FIRST_BLOCK + index));
  assert.deepEqual(
    listNodes(store.reader, {}).rows.map(({ reputation }) => reputation.inARow),
    [2, 2, 1],
  );
  feed(store, 50, eventsOf({ kind: "slash", node: 0, order: 7 }, 50));
  assert.deepEqual(findNode(store.reader, NODES[0] as Hex)?.reputation, { inARow: 0, valid: 2, invalid: 1 });
});

test("from a real chain: drawn leases count, chosen ones do not, and a dissenter that is shown is back at zero", async () => {
  await using market = await startMarket(3);
  const [liar] = market.nodes as readonly [(typeof market.nodes)[number]];
  using store = openStore({ path: join(market.home, "market.sqlite"), migrationsDirectory: MIGRATIONS });
  const drawn = [await openLease(market, 1), await openLease(market, 2), await openLease(market, 3)];
  const chosen = await openLease(market, 4);
  for (const { owner, key } of market.nodes) await market.chain.stake(owner, addressOf(key), 100_000_000n);
  for (const { terms } of drawn) await proveDrawn(market, terms);
  await settleJob(market, drawn[0] as OpenLease, { nonce: 1, price: 10n });
  await settleJob(market, drawn[0] as OpenLease, { nonce: 2, price: 10n });
  await settleJob(market, drawn[1] as OpenLease, { nonce: 1, price: 10n });
  await settleJob(market, chosen, { nonce: 1, price: 10n });
  await accuseLiar(market, drawn[2] as OpenLease, liar);
  await accuseLiar(market, chosen, liar);

  const ending = new AbortController();
  const chain = await connectChain(market.chain.settings);
  const options = { from: undefined, signal: ending.signal, confirmations: 0, pollMillis: 20 };
  for await (const change of follow(chain, options)) {
    if (change.type !== "event") {
      ending.abort();
      continue;
    }
    const { event } = change;
    store.write((writer) => applyEvent(writer, event));
  }
  for (const node of market.nodes) {
    const expected = node === liar ? { inARow: 0, valid: 2, invalid: 1 } : { inARow: 2, valid: 2, invalid: 0 };
    assert.deepEqual(findNode(store.reader, addressOf(node.key))?.reputation, expected);
  }
});

/** There are three nodes of three owners and a seat for each, so that they are the draw, whatever chance says. */
async function proveDrawn({ chain, consumer }: Market, terms: LeaseTerms): Promise<void> {
  const connected = await connectChain(chain.settings);
  const subject = committeeSubject({ ...terms, size: terms.nodes.length });
  await chain.requestDraw(consumer, subject);
  const { beaconBlock } = (await readDraw(connected, subject)) ?? {};
  await chain.mine(5);
  const header = await readHeader(connected, beaconBlock as number);
  await chain.send(consumer, recordBeaconCall(connected, header as Hex));
  await chain.send(consumer, proveCommitteeCall(connected, terms));
}

/** An order of the lease on which `liar` has another result than the others, shown after its deadline. */
async function accuseLiar(market: Market, { terms, lease, session }: OpenLease, liar: Market["nodes"][number]) {
  const { chain, domain, nodes, consumer } = market;
  const head = await chain.rpc("eth_getBlockByNumber", ["latest", false]);
  const now = Math.max(nowSeconds(), Number((head as { timestamp: Hex }).timestamp));
  const money = { maxPrice: 50n, forceFee: 0n, quorumBps: 6_666 };
  const message = { lease, nonce: 9, jobs: id(9), ...money, deadline: now + 60 };
  const order = signingHash(domain, "JobOrder", message);
  const attestations = await Promise.all(
    nodes.map(({ key }) => {
      const result = { order, node: addressOf(key), resultHash: id(key === liar.key ? 666 : 5) };
      return signMessage(key, domain, "Attestation", { ...result, price: 10n, commits: id(1) });
    }),
  );
  const signed = await signMessage(session, domain, "JobOrder", message);
  await chain.advance(120);
  await chain.send(consumer, accuseCall(chain, terms, signed, attestations));
}
