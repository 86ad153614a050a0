// Committees of whole nodes whose consumer does no more than it is told to, for tests of what the nodes then do.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex, LocalAccount } from "viem";
import type { Evidence, RescueChain } from "#node/orders/chain-view.ts";
import { claimOf } from "#protocol/claim.ts";
import type { Attestation, Claim, JobOrder, LeaseTerms, Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage, verifySignature } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import type { FakeChain, TestClock } from "../fake-foundation.ts";
import { finished, sendOrder, type TestNode } from "../node-fixture.ts";
import { DOMAIN, makeOrder, newKey, OWNER, RATES, type TestOrder } from "../order-fixture.ts";

/** What the exchange did for the nodes. */
export interface Rescued {
  readonly call: "claim" | "settle" | "adjudicate" | "accuse";
  readonly orders: readonly Hex[];
  readonly by: string;
  /** Unix seconds. */
  readonly at: number;
}

/** The exchange's forced calls, as far as honest evidence goes: signatures are checked, and no nonce is paid twice. */
export class FakeExchange {
  readonly calls: Rescued[] = [];
  readonly frozen = new Map<NodeId, number>();
  price = 0n;
  /** While it is set, claims are lost on their way: the orders of each are kept here. */
  loses = false;
  readonly lost: (readonly Hex[])[] = [];
  readonly #chain: FakeChain;
  readonly #clock: TestClock;

  constructor(chain: FakeChain, clock: TestClock) {
    this.#chain = chain;
    this.#clock = clock;
  }

  /** As one node sees it. */
  forNode(by: string): RescueChain {
    return {
      gasPrice: () => Promise.resolve(this.price),
      frozenUntil: (node) => Promise.resolve(this.frozen.get(node) ?? 0),
      force: (call, order, evidence) => this.#force(call, order, { ...evidence, by }),
      claim: (claim, terms, work, signatures) => this.#claim(claim, terms, work, { signatures, by }),
    };
  }

  of(order: TestOrder): Rescued[] {
    return this.calls.filter(({ orders }) => orders.includes(order.id));
  }

  async #force(
    call: "settle" | "adjudicate" | "accuse",
    order: Hex,
    evidence: Evidence & { by: string },
  ): Promise<Hex> {
    const { terms, order: signed, attestations, by } = evidence;
    const { deadline } = signed.message;
    await verifySignature(DOMAIN, "JobOrder", signed, terms.sessionKey);
    assert.equal(signingHash(DOMAIN, "JobOrder", signed.message), order);
    for (const each of attestations) await verifySignature(DOMAIN, "Attestation", each, each.message.node);
    const late = this.#clock.now() > deadline;
    assert.ok(late || (call === "settle" && attestations.length === terms.nodes.length), "it is too early for that");
    const [result, agreeing] = majority(attestations);
    assert.ok(agreeing * 10_000 >= signed.message.quorumBps * terms.nodes.length, "there is no quorum");
    if (call !== "accuse") this.#use(signed.message);
    if (call !== "settle") {
      const dissenters = attestations.filter(({ message }) => message.resultHash !== result);
      assert.ok(dissenters.length > 0, "nobody dissents");
      for (const { message } of dissenters) this.frozen.set(message.node, deadline + 4 * this.#chain.grace);
    }
    this.calls.push({ call, orders: [order], by, at: this.#clock.now() });
    return order;
  }

  async #claim(
    id: Hex,
    terms: LeaseTerms,
    { orders, claim }: { readonly orders: readonly Signed<JobOrder>[]; readonly claim: Claim },
    { signatures, by }: { readonly signatures: readonly Hex[]; readonly by: string },
  ): Promise<Hex> {
    const messages = orders.map(({ message }) => message);
    const ids = messages.map((order) => signingHash(DOMAIN, "JobOrder", order));
    if (this.loses) {
      this.lost.push(ids);
      throw new Error("the transaction is lost");
    }
    const { receiptsRoot, perNode } = claim;
    const message = claimOf(DOMAIN, { orders: messages, receiptsRoot, perNode });
    assert.equal(signingHash(DOMAIN, "Claim", message), id);
    for (const [i, node] of terms.nodes.entries()) {
      await verifySignature(DOMAIN, "Claim", { message, signature: signatures[i] as Hex }, node);
    }
    for (const order of messages) {
      assert.ok(this.#clock.now() > order.deadline, "the consumer may still pay");
      this.#use(order);
    }
    this.calls.push({ call: "claim", orders: ids, by, at: this.#clock.now() });
    return id;
  }

  #use({ lease, nonce }: JobOrder): void {
    const key = `${lease}/${nonce}`;
    assert.ok(!this.#chain.settled.has(key), "it is paid already");
    this.#chain.settled.add(key);
    const facts = this.#chain.leases.get(lease);
    if (facts) this.#chain.fund(lease, { ...facts, forced: facts.forced + 1 });
  }
}

function majority(attestations: readonly Signed<Attestation>[]): readonly [Hex, number] {
  const groups = Map.groupBy(attestations, ({ message }) => message.resultHash);
  const sizes = [...groups].map(([result, { length }]) => [result, length] as const);
  return sizes.toSorted((a, b) => b[1] - a[1])[0] ?? assert.fail("nobody attested");
}

/** Where a node is, as it signs it in its offers. */
export function offerOf({ node, key, running }: TestNode): Promise<Signed<Offer>> {
  const terms = { owner: OWNER, runtime: "r", isolation: "process", scopes: [], slots: 1, memoryPages: 1 } as const;
  const times = { sequence: 1n, validFrom: 0, validUntil: 2 ** 40 - 1 };
  return signMessage(key, DOMAIN, "Offer", { node, endpoint: running.url, rates: RATES, ...terms, ...times });
}

export interface Served {
  /** Who is shown the commitments, and so attests; all of the committee unless told. */
  readonly shownTo?: readonly TestNode[];
  readonly sessionKey?: LocalAccount;
  readonly salt?: Hex;
  readonly message?: Partial<JobOrder>;
}

/** One order that all of `committee` commit to; afterwards the consumer says nothing any more. */
export async function serve(chain: FakeChain, committee: readonly TestNode[], served: Served = {}): Promise<TestOrder> {
  const { shownTo = committee, sessionKey = newKey(), salt, message } = served;
  const nodes = committee.map(({ node }) => node);
  const made = await makeOrder({ nodes, sessionKey, ...(salt && { salt }), ...(message && { message }) });
  const offers = await Promise.all(committee.map(offerOf));
  const order = { ...made, submission: { ...made.submission, offers } };
  if (!chain.leases.has(order.lease)) chain.fund(order.lease);
  await Promise.all(committee.map((node) => sendOrder(node, order)));
  const committed = await Promise.all(committee.map((node) => finished(node, order)));
  const commitments = committed.map(({ commitment }) => commitment ?? assert.fail("no commitment"));
  for (const { client } of shownTo) await client.sendCommitments(order.id, order.submission.token, { commitments });
  return order;
}

export async function until(condition: () => boolean, seconds: number): Promise<boolean> {
  for (let tries = 0; tries < seconds * 20 && !condition(); tries++) await sleep(50);
  return condition();
}
