// A node in memory that keeps the protocol, or breaks it in one named way.
import type { Address, Hex, LocalAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { Clock } from "#client/clock.ts";
import { unixSeconds } from "#client/clock.ts";
import type { NodeClient } from "#mesh/node-client.ts";
import { digestOf } from "#protocol/digest.ts";
import { decodeRequest, encodeResponse } from "#protocol/message.ts";
import type { OrderStatus, OrderSubmission } from "#protocol/node-api.ts";
import { commitmentSeal, commitsHash, commitUntil, orderPrice, type Receipt, resultHash } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Commitment, Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Digest, NodeId } from "#protocol/units.ts";
import type { Usage } from "#protocol/usage.ts";
import type { Execution } from "#runtime/execution.ts";
import { DOMAIN } from "./fake-ledger.ts";

export type Behaviour =
  | "honest"
  | "lies"
  | "lies-otherwise"
  | "overprices"
  | "hangs"
  | "is-dead"
  | "dies-after-commitment"
  | "opens-another"
  | "signs-with-another-key"
  | "refuses"
  | "fails"
  | "asks-for-ever"
  | "inflates-usage"
  | "withholds-response"
  | "corrupts-response"
  | "answers-nothing"
  | "lags";

export const RATES = { job: 100n, fuel: 500_000n, memory: 100n, bytes: 100n, events: 100n };

/** What every honest machine computes: the request's body in upper case. */
export function honestExecution(request: Uint8Array, suffix = ""): Execution {
  const { body } = decodeRequest(request);
  const text = new TextDecoder().decode(body).toUpperCase() + suffix;
  const response = encodeResponse({ status: 200, headers: [], body: new TextEncoder().encode(text) });
  const usage: Usage = {
    fuel: 1_000_000n,
    memoryPages: 16,
    bytesIn: request.length,
    bytesOut: response.length,
    events: 0,
  };
  return { outcome: "ok", response, usage, logs: "" };
}

interface Accepted {
  readonly submission: OrderSubmission;
  readonly blobs: Map<Digest, Uint8Array>;
  commitment?: Signed<Commitment>;
  opened?: Pick<OrderStatus, "attestation" | "salt" | "receipts">;
  responses: readonly Uint8Array[];
}

export interface FakeNode extends NodeClient {
  /** The node's key, with which it agrees to be registered. */
  readonly key: LocalAccount;
  readonly node: NodeId;
  readonly offer: Offer;
  readonly signedOffer: Signed<Offer>;
  behaviour: Behaviour;
  /** Ids of all orders that it ever saw. */
  readonly orders: Map<Hex, Accepted>;
  /** Distinct attestations that it signed. */
  attestations: number;
}

export async function fakeNode(
  clock: Clock,
  index: number,
  behaviour: Behaviour,
  runtime: string,
  chain: { readonly domain: ExchangeDomain; readonly owner?: Address } = { domain: DOMAIN },
): Promise<FakeNode> {
  const { domain } = chain;
  const key = privateKeyToAccount(generatePrivateKey());
  const otherKey = privateKeyToAccount(generatePrivateKey());
  const node = key.address.toLowerCase() as NodeId;
  const now = unixSeconds(clock);
  const offer: Offer = {
    node,
    owner: chain.owner ?? `0x${(0xa0 + index).toString(16).repeat(20)}`,
    endpoint: `http://node-${index}.test`,
    runtime,
    isolation: "process",
    scopes: [],
    slots: 4,
    memoryPages: 4_096,
    rates: RATES,
    sequence: 1n,
    validFrom: now,
    validUntil: now + 3_600,
  };
  const orders = new Map<Hex, Accepted>();
  const salt: Hex = `0x${"5a".repeat(32)}`;

  async function statusOf(order: Hex): Promise<OrderStatus> {
    const accepted = orders.get(order);
    if (!accepted) throw new ProtocolError("not-found", "order-unknown", "No such order.");
    if (fake.behaviour === "fails") return { order, state: "failed", missing: [] };
    const wanted = accepted.submission.blobs.map(({ digest }) => digest);
    const missing =
      fake.behaviour === "asks-for-ever" ? wanted.slice(0, 1) : wanted.filter((digest) => !accepted.blobs.has(digest));
    if (missing.length > 0) return { order, state: "waiting", missing };
    await commit(order, accepted);
    const { commitment, opened } = accepted;
    if (opened) return { order, state: "attested", missing: [], ...(commitment && { commitment }), ...opened };
    return { order, state: "committed", missing: [], ...(commitment && { commitment }) };
  }

  /** Runs the jobs once and signs what it wants others to believe. */
  async function commit(order: Hex, accepted: Accepted): Promise<void> {
    if (accepted.commitment) return;
    const { receipts, responses, price } = resultOf(fake.behaviour, accepted);
    const seal = commitmentSeal(order, node, resultHash(receipts), price, salt);
    const signer = fake.behaviour === "signs-with-another-key" ? otherKey : key;
    accepted.responses = responses;
    accepted.commitment = await signMessage(signer, domain, "Commitment", { order, node, seal });
  }

  async function attest(order: Hex, commitments: readonly Signed<Commitment>[]): Promise<void> {
    const accepted = orders.get(order);
    if (!accepted || accepted.opened) return;
    const { receipts, price } = resultOf(fake.behaviour === "opens-another" ? "lies" : fake.behaviour, accepted);
    const attestation = await signMessage(key, domain, "Attestation", {
      order,
      node,
      resultHash: resultHash(receipts),
      price,
      commits: commitsHash(commitments.map(({ message }) => message)),
    });
    fake.attestations++;
    accepted.opened = fake.behaviour === "answers-nothing" ? {} : { attestation, salt, receipts: [...receipts] };
  }

  async function reachable(signal: AbortSignal | undefined): Promise<void> {
    if (fake.behaviour === "is-dead") throw new ProtocolError("unreachable", "peer-unreachable", "Connection refused.");
    if (fake.behaviour === "refuses") throw new ProtocolError("rejected", "price-cap-too-low", "Too cheap.");
    if (fake.behaviour === "hangs") await clock.sleep(1_000_000_000, signal);
  }

  const fake: FakeNode = {
    endpoint: offer.endpoint,
    key,
    node,
    offer,
    signedOffer: await signMessage(key, domain, "Offer", offer),
    behaviour,
    orders,
    attestations: 0,
    info: () => Promise.reject(new Error("not asked")),
    submitOrder: async (submission, { signal } = {}) => {
      await reachable(signal);
      if (fake.behaviour === "lags") {
        fake.behaviour = "honest";
        throw new ProtocolError("funds", "lease-not-live", "Its chain does not know the lease yet.");
      }
      const order = signingHash(domain, "JobOrder", submission.order.message);
      if (!orders.has(order)) orders.set(order, { submission, blobs: new Map(), responses: [] });
      return statusOf(order);
    },
    sendBlob: async (order, _token, digest, bytes, { signal } = {}) => {
      await reachable(signal);
      if (digestOf(bytes) !== digest) throw new ProtocolError("invalid", "digest-differs", "Wrong bytes.");
      orders.get(order)?.blobs.set(digest, bytes);
      return statusOf(order);
    },
    orderStatus: async (order, _token, { after, waitSeconds = 0, signal } = {}) => {
      await reachable(signal);
      const status = await statusOf(order);
      if (status.state === after) await clock.sleep(waitSeconds * 1_000, signal);
      return statusOf(order);
    },
    sendCommitments: async (order, _token, { commitments }, { signal } = {}) => {
      if (fake.behaviour === "dies-after-commitment") fake.behaviour = "is-dead";
      await reachable(signal);
      const { submission } = orders.get(order) as Accepted;
      const whole = commitments.length === submission.lease.nodes.length;
      if (!whole && unixSeconds(clock) < commitUntil(submission.order.message)) {
        throw new ProtocolError("conflict", "commitments-missing", "Others may still commit.");
      }
      if (unixSeconds(clock) < submission.order.message.deadline) await attest(order, commitments);
      return statusOf(order);
    },
    response: async (order, _token, index, { signal } = {}) => {
      await reachable(signal);
      if (fake.behaviour === "withholds-response") throw new ProtocolError("not-found", "response-gone", "Gone.");
      const bytes = orders.get(order)?.responses[index] ?? new Uint8Array();
      return fake.behaviour === "corrupts-response" ? bytes.slice(1) : bytes;
    },
    cancelOrder: (order) => statusOf(order),
  };
  return fake;
}

function resultOf(behaviour: Behaviour, { submission, blobs }: Accepted) {
  const suffix = { lies: "!", "lies-otherwise": "?" }[behaviour as string] ?? "";
  const runs = submission.jobs.map((job) => honestExecution(blobs.get(job.request) ?? new Uint8Array(), suffix));
  const receipts: Receipt[] = runs.map((run, index) => ({
    request: submission.jobs[index]?.request as Digest,
    outcome: run.outcome,
    response: digestOf(run.response),
    usage: behaviour === "inflates-usage" ? { ...run.usage, fuel: run.usage.fuel + 1n } : run.usage,
  }));
  const honest = orderPrice(receipts, RATES, submission.order.message.maxPrice);
  return {
    receipts,
    responses: runs.map(({ response }) => response),
    price: behaviour === "overprices" ? honest + 1n : honest,
  };
}
