// What one node of a committee tells and signs for another one, over real HTTP, on a chain that is a map.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Hex, LocalAccount } from "viem";
import { httpPeerClient, type PeerClient } from "#mesh/peer-client.ts";
import { claimOf } from "#protocol/claim.ts";
import { claimWorkOf } from "#protocol/claim-work.ts";
import type { ClaimProposal } from "#protocol/node-api.ts";
import type { Attestation, Commitment, JobOrder, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage, verifySignature } from "#protocol/signing.ts";
import type { LeaseId, NodeId } from "#protocol/units.ts";
import { FakeChain, TestClock } from "../fake-foundation.ts";
import { finished, sendOrder, startTestNode, type TestNode } from "../node-fixture.ts";
import { DOMAIN, makeOrder, newKey, type TestOrder } from "../order-fixture.ts";

const chain = new FakeChain();
chain.grace = 100;
const clock = new TestClock();
const other = newKey();
const otherId = other.address.toLowerCase() as NodeId;
const settings = { credit: "1" };
let node: TestNode;
let peer: PeerClient;
let leases = 0;

before(async () => {
  node = await startTestNode({ chain, settings, now: clock.now });
  peer = httpPeerClient(node.running.url);
});
after(() => node[Symbol.asyncDispose]());

/** A lease of the node and one other, whose key is here. */
class Session {
  readonly key: LocalAccount = newKey();
  readonly salt: Hex = `0x${(0xc1a1_0000 + ++leases).toString(16).padStart(64, "0")}`;
  lease!: Hex;
  nonce = 0;

  /** Has the node run an order up to its commitment. */
  async commit(message: Partial<JobOrder> = {}): Promise<{ order: TestOrder; set: Signed<Commitment>[] }> {
    const nodes = [node.node, otherId];
    const fields = { nonce: ++this.nonce, deadline: clock.now() + 100, ...message };
    const order = await makeOrder({ nodes, sessionKey: this.key, salt: this.salt, message: fields });
    this.lease = order.lease;
    if (!chain.leases.has(order.lease)) chain.fund(order.lease);
    await sendOrder(node, order);
    const { commitment } = await finished(node, order);
    const seal = `0x${"55".repeat(32)}` as Hex;
    const theirs = await signMessage(other, DOMAIN, "Commitment", { order: order.id, node: otherId, seal });
    return { order, set: [commitment ?? assert.fail("no commitment"), theirs] };
  }

  /** Has the node attest an order; what it attested. */
  async serve(message: Partial<JobOrder> = {}): Promise<{ order: TestOrder; own: Signed<Attestation> }> {
    const { order, set } = await this.commit(message);
    const status = await node.client.sendCommitments(order.id, order.submission.token, { commitments: set });
    return { order, own: status.attestation ?? assert.fail("no attestation") };
  }

  /** Orders that both nodes have attested alike, and have shown each other, and that are past their deadline. */
  async due(count: number): Promise<{ order: TestOrder; own: Signed<Attestation> }[]> {
    const deadline = clock.now() + 100;
    const served = [];
    for (let i = 0; i < count; i++) served.push(await this.serve({ deadline }));
    const attestations = await Promise.all(served.map(({ own }) => theirs(own, {})));
    await peer.exchangeAttestations({ commitments: [], attestations });
    clock.moveTo(deadline + 1);
    return served;
  }
}

/** The other node's attestation of what this one attested. */
function theirs({ message }: Signed<Attestation>, change: Partial<Attestation>): Promise<Signed<Attestation>> {
  return signMessage(other, DOMAIN, "Attestation", { ...message, node: otherId, ...change });
}

function proposalOf(served: readonly { order: TestOrder; own: Signed<Attestation> }[]): ClaimProposal {
  const agreed = served.map(({ order, own }) => ({
    id: order.id,
    order: order.submission.order.message,
    said: [own.message, { ...own.message, node: otherId }],
  }));
  const { lease, receiptsRoot, perNode } = claimOf(DOMAIN, claimWorkOf(agreed, 2));
  return { lease: lease as LeaseId, orders: served.map(({ order }) => order.id), receiptsRoot, perNode };
}

test("nobody is shown an attestation without showing one of the committee's, nor before the node's own is signed", async () => {
  const session = new Session();
  const { order, set } = await session.commit();
  const message = {
    order: order.id,
    node: otherId,
    resultHash: set[0]?.message.seal as Hex,
    price: 1n,
    commits: order.id,
  };
  const shown = await signMessage(other, DOMAIN, "Attestation", message);
  assert.deepEqual(await peer.exchangeAttestations({ commitments: [], attestations: [shown] }), { attestations: [] });
  const { submission, id } = order;
  const { attestation } = await node.client.sendCommitments(id, submission.token, { commitments: set });
  const own = attestation ?? assert.fail("no attestation");
  // What was shown too early was not kept either.
  const right = await theirs(own, { price: 7n });
  const stranger = newKey();
  const foreign = await signMessage(stranger, DOMAIN, "Attestation", { ...own.message, node: stranger.address });
  for (const attestations of [[own], [foreign], [own, foreign]]) {
    assert.deepEqual(await peer.exchangeAttestations({ commitments: [], attestations }), { attestations: [] });
  }
  const forged = { message: right.message, signature: own.signature };
  await assert.rejects(peer.exchangeAttestations({ commitments: [], attestations: [forged] }), {
    code: "signature-invalid",
  });
  const answer = await peer.exchangeAttestations({ commitments: [], attestations: [right] });
  assert.deepEqual(answer.attestations, [own, right]);
  // The first one stands.
  const again = await peer.exchangeAttestations({ commitments: [], attestations: [await theirs(own, { price: 9n })] });
  assert.deepEqual(again.attestations, [own, right]);
});

test("a consumer that shows the commitments to one node alone pays the others too: they attest for the same set", async () => {
  const { order, set } = await new Session().commit();
  const result = `0x${"66".repeat(32)}` as Hex;
  const message = { order: order.id, node: otherId, resultHash: result, price: 1n, commits: order.id };
  const attestations = [await signMessage(other, DOMAIN, "Attestation", message)];
  const state = async () => (await node.client.orderStatus(order.id, order.submission.token)).state;
  for (const commitments of [set.slice(0, 1), set.slice(1)]) {
    assert.deepEqual((await peer.exchangeAttestations({ commitments, attestations })).attestations, []);
    assert.equal(await state(), "committed");
  }
  const answer = await peer.exchangeAttestations({ commitments: set, attestations });
  assert.equal(await state(), "attested");
  const { attestation } = await node.client.orderStatus(order.id, order.submission.token);
  assert.deepEqual(answer.attestations, [attestation, attestations[0]]);
});

test("a node signs a claim of what it has done itself, at the price that it came to itself", async () => {
  const session = new Session();
  const early = await session.serve({ deadline: clock.now() + 1_000 });
  const served = await session.due(3);
  const proposal = proposalOf(served);
  const refused = (change: Partial<ClaimProposal>, code: string) =>
    assert.rejects(peer.signClaim({ ...proposal, ...change }), { code });
  await refused({ orders: [early.order.id] }, "attestations-missing");
  await peer.exchangeAttestations({ commitments: [], attestations: [await theirs(early.own, {})] });
  await refused(proposalOf([early]), "order-in-time");
  await refused({ perNode: proposal.perNode + 1n }, "claim-differs");
  await refused({ perNode: proposal.perNode - 1n }, "claim-differs");
  await refused({ receiptsRoot: session.lease }, "claim-differs");
  await refused({ orders: [...proposal.orders, `0x${"12".repeat(32)}`] }, "order-unknown");
  const elsewhere = (await new Session().serve()).order;
  await refused({ orders: [...proposal.orders, elsewhere.id] }, "order-unknown");
  const { order, set } = await session.commit();
  await refused({ orders: [...proposal.orders, order.id] }, "order-state");
  await node.client.sendCommitments(order.id, order.submission.token, { commitments: set });
  chain.settled.add(`${session.lease}/${served[0]?.order.submission.order.message.nonce}`);
  await refused({}, "order-paid");
  const { node: by, claim, signature } = await peer.signClaim(proposalOf(served.slice(1)));
  assert.equal(by, node.node);
  const agreed = proposalOf(served.slice(1));
  const ids = served.slice(1).map(({ order, own }) => ({
    id: order.id,
    order: order.submission.order.message,
    said: [own.message, { ...own.message, node: otherId }],
  }));
  const message = claimOf(DOMAIN, claimWorkOf(ids, 2));
  assert.equal(claim, signingHash(DOMAIN, "Claim", message));
  await verifySignature(DOMAIN, "Claim", { message, signature }, node.node);
  assert.deepEqual([message.receiptsRoot, message.perNode], [agreed.receiptsRoot, agreed.perNode]);
});

test("a dissenter's order is in no claim", async () => {
  const session = new Session();
  const deadline = clock.now() + 100;
  const served = [await session.serve({ deadline }), await session.serve({ deadline })];
  const [first, second] = served as [(typeof served)[0], (typeof served)[0]];
  const lie = await theirs(second.own, { resultHash: `0x${"99".repeat(32)}` });
  await peer.exchangeAttestations({ commitments: [], attestations: [await theirs(first.own, {}), lie] });
  clock.moveTo(deadline + 1);
  await assert.rejects(peer.signClaim(proposalOf(served)), { code: "claim-disagreed" });
  assert.equal((await peer.signClaim(proposalOf([first]))).node, node.node);
});

test("no two claims overlap, and a signed claim lets no clearing void it, over a restart too", async () => {
  const session = new Session();
  const served = await session.due(3);
  const claim = proposalOf(served.slice(0, 2));
  const signed = await peer.signClaim(claim);
  await assert.rejects(peer.signClaim(proposalOf(served.slice(1))), { code: "claim-overlaps" });
  const perNode = served.reduce((sum, { own }) => sum + own.message.price, 0n);
  const lease = session.lease as LeaseId;
  const [{ order }] = served as [(typeof served)[0]];
  const terms = order.submission.lease;
  const voucherOf = async (fields: { perNode: bigint; upTo: number; last?: boolean }) => {
    const message = { lease, forced: 0, last: false, ...fields };
    return { terms, voucher: await signMessage(session.key, DOMAIN, "Voucher", message) };
  };
  const hand = async (entry: Awaited<ReturnType<typeof voucherOf>>) => {
    await node.client.handVoucher({ lease: terms, voucher: entry.voucher, attestations: [], offers: [] });
    const proposal = { entries: [entry], receiptsRoot: lease, validUntil: clock.now() + 60 };
    return node.client.signClearing(proposal);
  };
  await assert.rejects(hand(await voucherOf({ perNode, upTo: 3 })), { code: "claim-signed" });
  await node.running[Symbol.asyncDispose]();
  node = await startTestNode({ chain, key: node.key, home: node.home, settings, now: clock.now });
  peer = httpPeerClient(node.running.url);
  assert.deepEqual(await peer.signClaim(claim), signed);
  await assert.rejects(hand(await voucherOf({ perNode, upTo: 3, last: true })), { code: "claim-signed" });
  // The claim is carried out: it voids the voucher, and the next one is the consumer's for what is left.
  for (const nonce of [1, 2]) chain.settled.add(`${lease}/${nonce}`);
  chain.fund(lease, { forced: 2 });
  const rest = await signMessage(session.key, DOMAIN, "Voucher", { lease, perNode, upTo: 3, forced: 2, last: false });
  assert.equal((await hand({ terms, voucher: rest })).node, node.node);
});

test("a node that holds a voucher, or has signed its clearing, signs no claim that would void it", async () => {
  const session = new Session();
  const [first, second] = await session.due(2);
  assert.ok(first && second);
  const perNode = first.own.message.price;
  const { lease: terms } = first.order.submission;
  const lease = session.lease as LeaseId;
  const message = { lease, perNode, upTo: 1, forced: 0, last: false };
  const voucher = await signMessage(session.key, DOMAIN, "Voucher", message);
  await node.client.handVoucher({ lease: terms, voucher, attestations: [], offers: [] });
  await assert.rejects(peer.signClaim(proposalOf([second])), { code: "voucher-held" });
  const validUntil = clock.now() + 50;
  await node.client.signClearing({ entries: [{ terms, voucher }], receiptsRoot: lease, validUntil });
  // Another voucher was cleared meanwhile, so that this one pays nothing more; the signature is still out there.
  chain.fund(lease, { paidPerNode: perNode, upTo: 1 });
  await assert.rejects(peer.signClaim(proposalOf([second])), { code: "clearing-signed" });
  clock.moveTo(validUntil + 1);
  assert.equal((await peer.signClaim(proposalOf([second]))).node, node.node);
});
