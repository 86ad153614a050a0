// A node in memory that keeps the protocol, or breaks it in one named way.
import type { Address, Hex, LocalAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { Clock } from "#client/clock.ts";
import { unixSeconds } from "#client/clock.ts";
import type { CallOptions, NodeClient, WaitOptions } from "#mesh/node-client.ts";
import { digestOf } from "#protocol/digest.ts";
import { decodeRequest, encodeResponse } from "#protocol/message.ts";
import type {
  ClearingProposal,
  ClearingSignature,
  CommitmentSet,
  OrderStatus,
  OrderSubmission,
  VoucherStanding,
  VoucherSubmission,
} from "#protocol/node-api.ts";
import { commitmentSeal, commitsHash, commitUntil, orderPrice, type Receipt, resultHash } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Commitment, Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Digest, NodeId } from "#protocol/units.ts";
import type { Rates, Usage } from "#protocol/usage.ts";
import type { Execution } from "#runtime/execution.ts";
import { DOMAIN } from "./fake-ledger.ts";
import { FakePayee, type PayeeExchange } from "./fake-payee.ts";

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
  | "lags"
  /** Only for vouchers: as if a wall stood before it, and on principle. */
  | "misses-vouchers"
  | "refuses-vouchers";

export const RATES: Rates = { job: 100n, fuel: 500_000n, memory: 100n, bytes: 100n, events: 100n };

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

export interface Accepted {
  readonly submission: OrderSubmission;
  readonly blobs: Map<Digest, Uint8Array>;
  commitment?: Signed<Commitment>;
  opened?: Pick<OrderStatus, "attestation" | "salt" | "receipts">;
  responses: readonly Uint8Array[];
}

interface Making {
  readonly clock: Clock;
  readonly index: number;
  readonly behaviour: Behaviour;
  readonly runtime: string;
  readonly domain?: ExchangeDomain;
  readonly owner?: Address;
  /** What the exchange says of leases; without it vouchers are not asked for. */
  readonly exchange?: PayeeExchange;
  readonly rates?: Rates;
}

const SALT: Hex = `0x${"5a".repeat(32)}`;

export class FakeNode implements NodeClient {
  /** The node's key, with which it agrees to be registered. */
  readonly key: LocalAccount = privateKeyToAccount(generatePrivateKey());
  readonly node: NodeId = this.key.address.toLowerCase() as NodeId;
  readonly offer: Offer;
  signedOffer!: Signed<Offer>;
  behaviour: Behaviour;
  /** Ids of all orders that it ever saw. */
  readonly orders = new Map<Hex, Accepted>();
  /** Attestations that it signed. */
  attestations = 0;
  readonly payee: FakePayee;
  readonly #otherKey = privateKeyToAccount(generatePrivateKey());
  readonly #clock: Clock;
  readonly #domain: ExchangeDomain;

  private constructor({ clock, index, behaviour, runtime, domain = DOMAIN, owner, exchange, rates = RATES }: Making) {
    const now = unixSeconds(clock);
    this.payee = new FakePayee({ key: this.key, domain, exchange, now: () => unixSeconds(clock) });
    this.#clock = clock;
    this.#domain = domain;
    this.behaviour = behaviour;
    this.offer = {
      node: this.node,
      owner: owner ?? `0x${(0xa0 + index).toString(16).repeat(20)}`,
      endpoint: `http://node-${index}.test`,
      runtime,
      isolation: "process",
      scopes: [],
      slots: 4,
      memoryPages: 4_096,
      rates,
      sequence: 1n,
      validFrom: now,
      validUntil: now + 3_600,
    };
  }

  static async make(making: Making): Promise<FakeNode> {
    const fake = new FakeNode(making);
    fake.signedOffer = await signMessage(fake.key, fake.#domain, "Offer", fake.offer);
    return fake;
  }

  get endpoint(): string {
    return this.offer.endpoint;
  }

  info(): Promise<never> {
    return Promise.reject(new Error("not asked"));
  }

  async submitOrder(submission: OrderSubmission, { signal }: CallOptions = {}): Promise<OrderStatus> {
    await this.#reachable(signal);
    if (this.behaviour === "lags") {
      this.behaviour = "honest";
      throw new ProtocolError("funds", "lease-not-live", "Its chain does not know the lease yet.");
    }
    const order = signingHash(this.#domain, "JobOrder", submission.order.message);
    if (!this.orders.has(order)) await this.payee.requireCredit(submission, this.orders);
    if (!this.orders.has(order)) this.orders.set(order, { submission, blobs: new Map(), responses: [] });
    return this.#statusOf(order);
  }

  async sendBlob(order: Hex, _token: Hex, digest: Digest, bytes: Uint8Array, options: CallOptions = {}) {
    await this.#reachable(options.signal);
    if (digestOf(bytes) !== digest) throw new ProtocolError("invalid", "digest-differs", "Wrong bytes.");
    this.orders.get(order)?.blobs.set(digest, bytes);
    return this.#statusOf(order);
  }

  async orderStatus(order: Hex, _token: Hex, { after, waitSeconds = 0, signal }: WaitOptions = {}) {
    await this.#reachable(signal);
    const status = await this.#statusOf(order);
    if (status.state === after) await this.#clock.sleep(waitSeconds * 1_000, signal);
    return this.#statusOf(order);
  }

  async sendCommitments(order: Hex, _token: Hex, { commitments }: CommitmentSet, { signal }: CallOptions = {}) {
    if (this.behaviour === "dies-after-commitment") this.behaviour = "is-dead";
    await this.#reachable(signal);
    const { submission } = this.orders.get(order) as Accepted;
    const whole = commitments.length === submission.lease.nodes.length;
    if (!whole && unixSeconds(this.#clock) < commitUntil(submission.order.message)) {
      throw new ProtocolError("conflict", "commitments-missing", "Others may still commit.");
    }
    if (unixSeconds(this.#clock) < submission.order.message.deadline) await this.#attest(order, commitments);
    return this.#statusOf(order);
  }

  async response(order: Hex, _token: Hex, index: number, { signal }: CallOptions = {}): Promise<Uint8Array> {
    await this.#reachable(signal);
    if (this.behaviour === "withholds-response") throw new ProtocolError("not-found", "response-gone", "Gone.");
    const bytes = this.orders.get(order)?.responses[index] ?? new Uint8Array();
    return this.behaviour === "corrupts-response" ? bytes.slice(1) : bytes;
  }

  async handVoucher(submission: VoucherSubmission, { signal }: CallOptions = {}): Promise<VoucherStanding> {
    await this.#reachable(signal);
    if (this.behaviour === "misses-vouchers") throw new ProtocolError("unreachable", "peer-unreachable", "A wall.");
    if (this.behaviour === "refuses-vouchers") throw new ProtocolError("rejected", "not-in-committee", "On principle.");
    return this.payee.take(submission, this.orders);
  }

  async signClearing(proposal: ClearingProposal, { signal }: CallOptions = {}): Promise<ClearingSignature> {
    await this.#reachable(signal);
    return this.payee.coSign(proposal);
  }

  cancelOrder(order: Hex): Promise<OrderStatus> {
    return this.#statusOf(order);
  }

  async #reachable(signal: AbortSignal | undefined): Promise<void> {
    if (this.behaviour === "is-dead") throw new ProtocolError("unreachable", "peer-unreachable", "Connection refused.");
    if (this.behaviour === "refuses") throw new ProtocolError("rejected", "price-cap-too-low", "Too cheap.");
    if (this.behaviour === "hangs") await this.#clock.sleep(1_000_000_000, signal);
  }

  async #statusOf(order: Hex): Promise<OrderStatus> {
    const accepted = this.orders.get(order);
    if (!accepted) throw new ProtocolError("not-found", "order-unknown", "No such order.");
    if (this.behaviour === "fails") return { order, state: "failed", missing: [] };
    const wanted = accepted.submission.blobs.map(({ digest }) => digest);
    const needy = this.behaviour === "asks-for-ever";
    const missing = needy ? wanted.slice(0, 1) : wanted.filter((digest) => !accepted.blobs.has(digest));
    if (missing.length > 0) return { order, state: "waiting", missing };
    const commitment = await this.#commit(order, accepted);
    const { opened } = accepted;
    if (opened) return { order, state: "attested", missing: [], commitment, ...opened };
    return { order, state: "committed", missing: [], commitment };
  }

  /** Runs the jobs once and signs what it wants others to believe. */
  async #commit(order: Hex, accepted: Accepted): Promise<Signed<Commitment>> {
    if (accepted.commitment) return accepted.commitment;
    const { receipts, responses, price } = resultOf(this.behaviour, accepted, this.offer.rates);
    const seal = commitmentSeal(order, this.node, resultHash(receipts), price, SALT);
    const signer = this.behaviour === "signs-with-another-key" ? this.#otherKey : this.key;
    accepted.responses = responses;
    accepted.commitment = await signMessage(signer, this.#domain, "Commitment", { order, node: this.node, seal });
    return accepted.commitment;
  }

  async #attest(order: Hex, commitments: readonly Signed<Commitment>[]): Promise<void> {
    const accepted = this.orders.get(order);
    if (!accepted || accepted.opened) return;
    const { receipts, price } = resultOf(
      this.behaviour === "opens-another" ? "lies" : this.behaviour,
      accepted,
      this.offer.rates,
    );
    const attestation = await signMessage(this.key, this.#domain, "Attestation", {
      order,
      node: this.node,
      resultHash: resultHash(receipts),
      price,
      commits: commitsHash(commitments.map(({ message }) => message)),
    });
    this.attestations++;
    const silent = this.behaviour === "answers-nothing";
    accepted.opened = silent ? {} : { attestation, salt: SALT, receipts: [...receipts] };
  }
}

function resultOf(behaviour: Behaviour, { submission, blobs }: Accepted, rates: Rates) {
  const suffix = { lies: "!", "lies-otherwise": "?" }[behaviour as string] ?? "";
  const runs = submission.jobs.map((job) => honestExecution(blobs.get(job.request) ?? new Uint8Array(), suffix));
  const receipts: Receipt[] = runs.map((run, index) => ({
    request: submission.jobs[index]?.request as Digest,
    outcome: run.outcome,
    response: digestOf(run.response),
    usage: behaviour === "inflates-usage" ? { ...run.usage, fuel: run.usage.fuel + 1n } : run.usage,
  }));
  const honest = orderPrice(receipts, rates, submission.order.message.maxPrice);
  return {
    receipts,
    responses: runs.map(({ response }) => response),
    price: behaviour === "overprices" ? honest + 1n : honest,
  };
}
