// Three nodes over real HTTP clear a consumer's vouchers between themselves, on an exchange that is a map.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex, LocalAccount } from "viem";
import type { ClearingOutcome } from "#chain/batch-outcome.ts";
import type { ClearingChain } from "#node/orders/chain-view.ts";
import { clearingBatchOf, decodeClearing } from "#protocol/clearing-batch.ts";
import type { VoucherSubmission } from "#protocol/node-api.ts";
import type { Attestation, Offer, Signed } from "#protocol/signed-messages.ts";
import { signMessage, verifySignature } from "#protocol/signing.ts";
import type { LeaseId } from "#protocol/units.ts";
import { FakeChain } from "../fake-foundation.ts";
import { finished, sendOrder, startTestNode, type TestNode } from "../node-fixture.ts";
import { DOMAIN, makeOrder, newKey, OWNER, RATES, type TestOrder, unixNow } from "../order-fixture.ts";

/** The exchange's `clear`, as far as honest bytes go: every signature is checked, and every voucher is applied. */
class FakeClearings implements ClearingChain {
  readonly batches: { readonly batch: Hex; readonly leases: readonly Hex[] }[] = [];
  price = 0n;
  readonly #chain: FakeChain;

  constructor(chain: FakeChain) {
    this.#chain = chain;
  }

  gasPrice(): Promise<bigint> {
    return Promise.resolve(this.price);
  }

  async clear(batch: Hex, data: Hex): Promise<ClearingOutcome> {
    const clearing = decodeClearing(data);
    const message = clearingBatchOf(clearing);
    for (const [i, node] of clearing.nodes.entries()) {
      await verifySignature(DOMAIN, "ClearingBatch", { message, signature: clearing.signatures[i] as Hex }, node);
    }
    const cleared = [];
    for (const { terms, voucher } of clearing.entries) {
      await verifySignature(DOMAIN, "Voucher", voucher, terms.sessionKey);
      const { lease, perNode, upTo } = voucher.message;
      const facts = this.#chain.leases.get(lease);
      assert.ok(facts);
      const total = (perNode - facts.paidPerNode) * BigInt(terms.nodes.length);
      assert.ok(perNode > facts.paidPerNode && facts.remaining >= total, "it was cleared before");
      this.#chain.fund(lease, { ...facts, remaining: facts.remaining - total, paidPerNode: perNode, upTo });
      cleared.push({ lease, perNode, upTo, total });
    }
    this.batches.push({ batch, leases: cleared.map(({ lease }) => lease) });
    return { batch, cleared, paid: [], closed: [], skipped: [] };
  }
}

const chain = new FakeChain();
const clearings = new FakeClearings(chain);
const settings = { clearing: { coinPrice: "1000" } };
let nodes: TestNode[];

before(async () => {
  nodes = await Promise.all([1, 2, 3].map(() => startTestNode({ chain, clearings, settings })));
});
after(() => Promise.all(nodes.map((node) => node[Symbol.asyncDispose]())));

/** Where a node is, as it signs it in its offers. */
function offerOf({ node, key, running }: TestNode): Promise<Signed<Offer>> {
  const terms = { owner: OWNER, runtime: "r", isolation: "process", scopes: [], slots: 1, memoryPages: 1 } as const;
  const times = { sequence: 1n, validFrom: 0, validUntil: unixNow() + 60 };
  return signMessage(key, DOMAIN, "Offer", { node, endpoint: running.url, rates: RATES, ...terms, ...times });
}

/** One order that all of `committee` run and attest. */
async function serve(
  committee: readonly TestNode[],
  sessionKey: LocalAccount,
): Promise<[TestOrder, Signed<Attestation>[]]> {
  const order = await makeOrder({ nodes: committee.map(({ node }) => node), sessionKey });
  chain.fund(order.lease);
  const { id, submission } = order;
  await Promise.all(committee.map((node) => sendOrder(node, order)));
  const committed = await Promise.all(committee.map((node) => finished(node, order)));
  const commitments = committed.map(({ commitment }) => commitment ?? assert.fail("no commitment"));
  const opened = await Promise.all(
    committee.map(({ client }) => client.sendCommitments(id, submission.token, { commitments })),
  );
  return [order, opened.map(({ attestation }) => attestation ?? assert.fail("no attestation"))];
}

async function paidBy(committee: readonly TestNode[], session = newKey()): Promise<VoucherSubmission> {
  const [order, attestations] = await serve(committee, session);
  const perNode = attestations[0]?.message.price ?? 0n;
  const message = { lease: order.lease as LeaseId, perNode, upTo: 1, forced: 0, last: false };
  const voucher = await signMessage(session, DOMAIN, "Voucher", message);
  const offers = await Promise.all(nodes.map(offerOf));
  return { lease: order.submission.lease, voucher, attestations, offers };
}

async function until(condition: () => boolean, seconds: number): Promise<boolean> {
  for (let tries = 0; tries < seconds * 20 && !condition(); tries++) await sleep(50);
  return condition();
}
const paid = (submission: VoucherSubmission) =>
  (chain.leases.get(submission.voucher.message.lease)?.paidPerNode ?? 0n) > 0n;

test("what a committee served and its consumer signed is cleared once, with every node's signature", async () => {
  const submission = await paidBy(nodes);
  await Promise.all(nodes.map(({ client }) => client.handVoucher(submission)));
  assert.ok(await until(() => paid(submission), 10), "nobody cleared it");
  await sleep(5_000);
  assert.equal(clearings.batches.length, 1);
});

test("while gas costs more than it gives, nothing is sent; then both leases go in one clearing", async () => {
  clearings.price = 10n ** 15n;
  const submissions = [await paidBy(nodes), await paidBy(nodes)];
  for (const submission of submissions) await Promise.all(nodes.map(({ client }) => client.handVoucher(submission)));
  await sleep(5_000);
  assert.ok(!submissions.some(paid));
  clearings.price = 0n;
  assert.ok(await until(() => submissions.every(paid), 10));
  const leases = submissions.map(({ voucher }) => voucher.message.lease).sort();
  assert.deepEqual([...(clearings.batches.at(-1)?.leases ?? [])].sort(), leases);
});

test("leases that are not worth their own gas hold up no others", async () => {
  clearings.price = 500_000n;
  const tiny: VoucherSubmission[] = [];
  for (let i = 0; i < 20; i++) {
    const session = newKey();
    const order = await makeOrder({ nodes: nodes.map(({ node }) => node), sessionKey: session });
    chain.fund(order.lease);
    const message = { lease: order.lease as LeaseId, perNode: 1n, upTo: 0, forced: 0, last: false };
    const voucher = await signMessage(session, DOMAIN, "Voucher", message);
    tiny.push({ lease: order.submission.lease, voucher, attestations: [], offers: [] });
  }
  for (const submission of tiny) await Promise.all(nodes.map(({ client }) => client.handVoucher(submission)));
  const worthy = await paidBy(nodes);
  await Promise.all(nodes.map(({ client }) => client.handVoucher(worthy)));
  assert.ok(await until(() => paid(worthy), 10), "the tiny ones held it up");
  assert.ok(!tiny.some(paid));
});

test("a last voucher over a lease that is cleared already is kept until its lease is closed", async () => {
  clearings.price = 0n;
  const session = newKey();
  const submission = await paidBy(nodes, session);
  await Promise.all(nodes.map(({ client }) => client.handVoucher(submission)));
  assert.ok(await until(() => paid(submission), 10), "nobody cleared it");
  const message = { ...submission.voucher.message, last: true };
  const last = { ...submission, voucher: await signMessage(session, DOMAIN, "Voucher", message) };
  await Promise.all(nodes.map(({ client }) => client.handVoucher(last)));
  // Longer than a node takes between two looks at what it holds.
  await sleep(3_000);
  const entries = [{ terms: last.lease, voucher: last.voucher }];
  const proposal = { entries, receiptsRoot: `0x${"77".repeat(32)}` as Hex, validUntil: unixNow() + 600 };
  const signed = await Promise.all(nodes.map(({ client }) => client.signClearing(proposal)));
  assert.equal(new Set(signed.map(({ batch }) => batch)).size, 1);
});

test("a node that is gone holds up its own leases and no others", async () => {
  const [first, second, gone] = nodes.toSorted((a, b) => (a.node < b.node ? -1 : 1)) as [TestNode, TestNode, TestNode];
  const [held, free] = [await paidBy(nodes), await paidBy([first, second])];
  clearings.price = 10n ** 15n;
  await Promise.all(nodes.map(({ client }) => client.handVoucher(held)));
  await gone.running[Symbol.asyncDispose]();
  await Promise.all([first, second].map(({ client }) => client.handVoucher(free)));
  clearings.price = 0n;
  assert.ok(await until(() => paid(free), 15), "the others' lease was held up");
  assert.ok(!paid(held));
});
