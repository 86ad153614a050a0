// Vouchers and clearings over real HTTP, against a node on a chain that is a map.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Hex, LocalAccount } from "viem";
import { clearingBatchOf } from "#protocol/clearing-batch.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { ClearingProposal, VoucherSubmission } from "#protocol/node-api.ts";
import { commitsHash } from "#protocol/order.ts";
import type { Attestation, JobOrder, Signed, Voucher } from "#protocol/signed-messages.ts";
import { signMessage, verifySignature } from "#protocol/signing.ts";
import type { LeaseId } from "#protocol/units.ts";
import { FakeChain } from "../fake-foundation.ts";
import { finished, sendOrder, startTestNode, type TestNode } from "../node-fixture.ts";
import { DOMAIN, makeOrder, newKey, type TestOrder, unixNow } from "../order-fixture.ts";

const chain = new FakeChain();
const other = newKey();
let node: TestNode;
let leases = 0;

before(async () => {
  node = await startTestNode({ chain, settings: { credit: "0.0005" } });
});
after(() => node[Symbol.asyncDispose]());

/** A lease of the node and one other, with a session key that signs in it. */
class Session {
  readonly key: LocalAccount = newKey();
  readonly salt: Hex = `0x${(++leases).toString(16).padStart(64, "0")}`;
  nonce = 0;
  order!: TestOrder;

  async submit(message: Partial<JobOrder> = {}): Promise<TestOrder> {
    const nodes = [node.node, other.address];
    const fields = { nonce: ++this.nonce, ...message };
    this.order = await makeOrder({ nodes, sessionKey: this.key, salt: this.salt, message: fields });
    if (!chain.leases.has(this.order.lease)) chain.fund(this.order.lease);
    await sendOrder(node, this.order);
    return this.order;
  }

  /** Has the node run an order and attest it; what it attested. */
  async serve(message: Partial<JobOrder> = {}): Promise<Signed<Attestation>> {
    const { id, submission } = await this.submit(message);
    const { commitment } = await finished(node, this.order);
    assert.ok(commitment);
    const theirs = { order: id, node: other.address, seal: `0x${"55".repeat(32)}` as Hex };
    const commitments = [commitment, await signMessage(other, DOMAIN, "Commitment", theirs)];
    const status = await node.client.sendCommitments(id, submission.token, { commitments });
    assert.ok(status.attestation, status.state);
    assert.equal(status.attestation.message.commits, commitsHash(commitments.map(({ message }) => message)));
    return status.attestation;
  }

  /** The same result by the other node, for another price. */
  alike({ message }: Signed<Attestation>, price: bigint): Promise<Signed<Attestation>> {
    return signMessage(other, DOMAIN, "Attestation", { ...message, node: other.address.toLowerCase() as Hex, price });
  }

  async voucher(fields: Partial<Voucher>, by: LocalAccount = this.key): Promise<VoucherSubmission> {
    const lease = this.order.lease as LeaseId;
    const message = { lease, perNode: 0n, upTo: 0, forced: 0, last: false, ...fields };
    const voucher = await signMessage(by, DOMAIN, "Voucher", message);
    return { lease: this.order.submission.lease, voucher, attestations: [], offers: [] };
  }
}

function proposalOf(...submissions: readonly VoucherSubmission[]): ClearingProposal {
  const entries = submissions.map(({ lease, voucher }) => ({ terms: lease, voucher }));
  return { entries, receiptsRoot: `0x${"77".repeat(32)}`, validUntil: unixNow() + 600 };
}

test("a voucher for served work is taken, kept over a restart, and the same again is no new one", async () => {
  const session = new Session();
  const { price } = (await session.serve()).message;
  const { deadline } = session.order.submission.order.message;
  const submission = await session.voucher({ perNode: price, upTo: 1 });
  const standing = await node.client.handVoucher(submission);
  assert.deepEqual(standing, {
    lease: session.order.lease,
    held: submission.voucher,
    unsigned: 0n,
    clearBy: deadline + 5,
  });
  assert.deepEqual(await node.client.handVoucher(submission), standing);
  await node.running[Symbol.asyncDispose]();
  node = await startTestNode({ chain, key: node.key, home: node.home, settings: { credit: "0.0005" } });
  const proposal = proposalOf(submission);
  assert.equal((await node.client.signClearing(proposal)).node, node.node);
});

test("vouchers that are not the lease's, not for this node, or not fair are refused", async () => {
  const session = new Session();
  const { price } = (await session.serve()).message;
  const good = { perNode: price, upTo: 1 };
  const refused = async (submission: VoucherSubmission, code: string) =>
    assert.rejects(node.client.handVoucher(submission), { code });
  await refused(await session.voucher(good, newKey()), "signature-invalid");
  await refused(
    { ...(await session.voucher(good)), lease: { ...session.order.submission.lease, salt: `0x${"99".repeat(32)}` } },
    "lease-differs",
  );
  await refused(await session.voucher({ ...good, perNode: price - 1n }), "voucher-underpaid");
  await refused(await session.voucher({ ...good, forced: 1 }), "forced-since");
  await refused(await session.voucher({ ...good, perNode: 10n ** 12n }), "lease-underfunded");
  const stranger = await makeOrder({ nodes: [other.address], sessionKey: session.key });
  const message = { ...(await session.voucher(good)).voucher.message, lease: stranger.lease as LeaseId };
  const foreign = {
    lease: stranger.submission.lease,
    voucher: await signMessage(session.key, DOMAIN, "Voucher", message),
    attestations: [],
    offers: [],
  };
  await refused(foreign, "not-in-committee");
  const taken = await session.voucher(good);
  await node.client.handVoucher(taken);
  await refused(await session.voucher({ ...good, perNode: 0n, upTo: 0 }), "voucher-stale");
  chain.fund(session.order.lease, { open: false });
  await refused(taken, "lease-not-live");
});

test("a lower median is paid when the whole committee's prices are shown, and only then", async () => {
  const session = new Session();
  const own = await session.serve();
  const submission = await session.voucher({ perNode: 1n, upTo: 1 });
  const theirs = await session.alike(own, 1n);
  await assert.rejects(node.client.handVoucher(submission), { code: "voucher-underpaid" });
  await assert.rejects(node.client.handVoucher({ ...submission, attestations: [theirs] }), {
    code: "voucher-underpaid",
  });
  await assert.rejects(node.client.handVoucher({ ...submission, attestations: [theirs, theirs] }), {
    code: "voucher-underpaid",
  });
  const forged = { ...theirs, signature: own.signature };
  await assert.rejects(node.client.handVoucher({ ...submission, attestations: [own, forged] }), {
    code: "signature-invalid",
  });
  const { unsigned } = await node.client.handVoucher({ ...submission, attestations: [own, theirs] });
  assert.equal(unsigned, 0n);
});

test("past its credit the node serves nothing more in a lease until its work is signed for", async () => {
  const session = new Session();
  let served = 0n;
  while (served <= 500n) served += (await session.serve()).message.price;
  await assert.rejects(session.submit(), { code: "voucher-missing" });
  // The order that was refused is covered without having been done: it can never be forced, so it is not done later.
  const upTo = session.nonce;
  await node.client.handVoucher(await session.voucher({ perNode: served, upTo }));
  await assert.rejects(session.submit({ nonce: upTo, maxPrice: 999_999n }), { code: "nonce-used" });
  session.nonce = upTo;
  const { price } = (await session.serve()).message;
  await node.client.handVoucher(await session.voucher({ perNode: served + price, upTo: upTo + 1, last: true }));
  await assert.rejects(session.submit(), { code: "lease-ended" });
});

test("no voucher covers an order on which the node still works", async () => {
  const session = new Session();
  const order = await makeOrder({ nodes: [node.node, other.address], sessionKey: session.key, salt: session.salt });
  chain.fund(order.lease);
  session.order = order;
  await node.client.submitOrder(order.submission);
  const early = await session.voucher({ perNode: 1_000_000n, upTo: 1 });
  await assert.rejects(node.client.handVoucher(early), { code: "voucher-covers-open-order" });
});

test("a cleared voucher pays its orders, and what follows counts from there", async () => {
  const session = new Session();
  const { price } = (await session.serve()).message;
  await node.client.handVoucher(await session.voucher({ perNode: price, upTo: 1 }));
  chain.fund(session.order.lease, { paidPerNode: price, upTo: 1 });
  const next = (await session.serve()).message;
  const standing = await node.client.handVoucher(await session.voucher({ perNode: price + next.price, upTo: 2 }));
  assert.deepEqual([standing.unsigned, standing.held.message.upTo], [0n, 2]);
});

test("the node signs a clearing of what it holds, and of nothing else", async () => {
  const [first, second] = [new Session(), new Session()];
  const submissions: VoucherSubmission[] = [];
  for (const session of [first, second]) {
    const { price } = (await session.serve()).message;
    submissions.push(await session.voucher({ perNode: price, upTo: 1 }));
    await node.client.handVoucher(submissions.at(-1) as VoucherSubmission);
  }
  const proposal = proposalOf(...submissions);
  const { batch, signature } = await node.client.signClearing(proposal);
  const message = clearingBatchOf(proposal);
  await verifySignature(DOMAIN, "ClearingBatch", { message, signature }, node.node);
  assert.match(batch, /^0x[0-9a-f]{64}$/);

  const refused = (changed: ClearingProposal, code: string) =>
    assert.rejects(node.client.signClearing(changed), { code });
  const higher = await first.voucher({ perNode: 10n ** 6n, upTo: 1 });
  await refused(proposalOf(higher), "voucher-not-held");
  const last = await second.voucher({ ...(submissions[1] as VoucherSubmission).voucher.message, last: true });
  await refused(proposalOf(submissions[0] as VoucherSubmission, last), "voucher-not-held");
  const now = unixNow();
  await refused({ ...proposal, validUntil: now - 1 }, "validity-out-of-range");
  await refused({ ...proposal, validUntil: now + LIMITS.clearingSecondsMax + 60 }, "validity-out-of-range");
  const foreign = await makeOrder({ nodes: [other.address] });
  const entry = {
    terms: foreign.submission.lease,
    voucher: { ...higher.voucher, message: { ...higher.voucher.message, lease: foreign.lease as LeaseId } },
  };
  await refused({ ...proposal, entries: [entry] }, "not-in-committee");
});
