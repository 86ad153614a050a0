// A market for tests: a real local chain, nodes of different owners, one consumer, and statements to sign.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hex, type LocalAccount, toHex } from "viem";
import { claimCall, clearCall, openLeaseCall, registerNodeCall, settleCall } from "#chain/calls.ts";
import { withPublication } from "#chain/publication.ts";
import { type MarketplaceConfig, parseMarketplaceConfig } from "#marketplace/config/marketplace-config.ts";
import { claimOf } from "#protocol/claim.ts";
import { clearingBatchOf, encodeClearing } from "#protocol/clearing-batch.ts";
import { compareNodes, resultHash } from "#protocol/order.ts";
import type { PublishedResult } from "#protocol/publication.ts";
import type { JobOrder, LeaseTerms, Voucher } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { LeaseId, NodeId } from "#protocol/units.ts";
import { type LocalChain, startLocalChain } from "#test/chain/local-chain.ts";
import { addressOf, keyOf, type MarketNode, nowSeconds } from "./statements.ts";

export interface Market extends AsyncDisposable {
  readonly chain: LocalChain;
  readonly domain: ExchangeDomain;
  /** Ascending. */
  readonly nodes: readonly MarketNode[];
  readonly consumer: LocalAccount;
  /** A folder that is removed at the end. */
  readonly home: string;
  config(settings?: Partial<Parameters<typeof parseMarketplaceConfig>[0]>): MarketplaceConfig;
}

/** A chain with `count` registered and staked nodes and a consumer with 1,000 tokens on its account. */
export async function startMarket(count = 3): Promise<Market> {
  const chain = await startLocalChain({ graceSeconds: 600 });
  const home = mkdtempSync(join(tmpdir(), "mimik-market-"));
  const domain = { chainId: chain.chainId, exchange: chain.exchange.toLowerCase() as Hex };
  const consumer = chain.accounts[10] as LocalAccount;
  const nodes = Array.from({ length: count }, (_, index) => ({
    key: keyOf(index + 1),
    owner: chain.accounts[index] as LocalAccount,
  })).sort((a, b) => compareNodes(addressOf(a.key), addressOf(b.key)));
  await chain.fund(consumer, 1_000_000_000n);
  for (const node of nodes) await registerNode(chain, domain, node);
  return {
    chain,
    domain,
    nodes,
    consumer,
    home,
    config: (settings = {}) =>
      parseMarketplaceConfig({
        ...chain.settings,
        port: 0,
        home,
        pollMillis: 50,
        confirmations: 0,
        postBurst: 1_000,
        version: "test",
        ...settings,
      }),
    [Symbol.asyncDispose]: async () => {
      await chain[Symbol.asyncDispose]();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Registers the node and stakes one token for it. */
export async function registerNode(chain: LocalChain, domain: ExchangeDomain, node: MarketNode): Promise<void> {
  const message = { node: node.key.address, owner: node.owner.address, validUntil: BigInt(nowSeconds() + 3_600) };
  await chain.send(
    node.owner,
    registerNodeCall(chain, await signMessage(node.key, domain, "NodeRegistration", message)),
  );
  await chain.stake(node.owner, node.key.address, 1_000_000n);
}

export interface OpenLease {
  readonly terms: LeaseTerms;
  readonly lease: Hex;
  readonly session: LocalAccount;
}

/** Opens a lease of all nodes, funded with 100 tokens. */
export async function openLease({ chain, nodes, consumer }: Market, number: number): Promise<OpenLease> {
  const session = keyOf(500 + number);
  const terms: LeaseTerms = {
    consumer: addressOf(consumer),
    sessionKey: addressOf(session),
    salt: toHex(number, { size: 32 }),
    nodes: nodes.map(({ key }) => addressOf(key)),
  };
  await chain.send(consumer, openLeaseCall(chain, terms, 100_000_000n, nowSeconds() + 7_200));
  return { terms, lease: leaseIdOf(terms), session };
}

interface Settlement {
  readonly nonce: number;
  readonly price: bigint;
  readonly forceFee?: bigint;
  readonly deadline?: number;
  /** What is attested, and published with the call. */
  readonly published?: PublishedResult;
}

/** Settles an order of the lease at `price` a node; answers the order's id and the transaction. */
export async function settleJob(
  { chain, nodes, consumer, domain }: Market,
  { terms, lease, session }: OpenLease,
  { nonce, price, forceFee = 0n, deadline = nowSeconds() + 3_600, published }: Settlement,
): Promise<{ order: Hex; transaction: Hex }> {
  const message = orderOf(lease, { nonce, forceFee, deadline });
  const order = signingHash(domain, "JobOrder", message);
  const result = published ? resultHash(published.receipts) : toHex(nonce + 77, { size: 32 });
  const attestations = await Promise.all(
    nodes.map(({ key }) =>
      signMessage(key, domain, "Attestation", {
        order,
        node: addressOf(key),
        resultHash: result,
        price,
        commits: result,
      }),
    ),
  );
  const signed = await signMessage(session, domain, "JobOrder", message);
  const call = settleCall(chain, terms, signed, attestations);
  const sent = published ? withPublication(call, [{ kind: "result", result: published }]) : call;
  return { order, transaction: await chain.send(consumer, sent) };
}

function orderOf(lease: Hex, given: Pick<JobOrder, "nonce" | "forceFee" | "deadline">): JobOrder {
  const jobs = toHex(given.nonce, { size: 32 });
  return { lease: lease as LeaseId, jobs, maxPrice: 50_000_000n, quorumBps: 6_666, ...given };
}

interface ClaimedOrders extends Pick<JobOrder, "forceFee" | "deadline"> {
  readonly nonces: readonly number[];
  readonly perNode: bigint;
}

/** The committee claims the orders, each of which gives the sender `forceFee`, after their deadline. */
export async function claimOrders(
  { chain, nodes, consumer, domain }: Market,
  { terms, lease, session }: OpenLease,
  { nonces, perNode, ...given }: ClaimedOrders,
): Promise<{ claim: Hex; orders: readonly Hex[]; transaction: Hex }> {
  const messages = nonces.map((nonce) => orderOf(lease, { nonce, ...given }));
  const claim = claimOf(domain, { orders: messages, receiptsRoot: toHex(9, { size: 32 }), perNode });
  const signed = await Promise.all(messages.map((message) => signMessage(session, domain, "JobOrder", message)));
  const signatures = await Promise.all(
    nodes.map(async ({ key }) => (await signMessage(key, domain, "Claim", claim)).signature),
  );
  return {
    claim: signingHash(domain, "Claim", claim),
    orders: messages.map((message) => signingHash(domain, "JobOrder", message)),
    transaction: await chain.send(consumer, claimCall(chain, terms, { orders: signed, claim }, signatures)),
  };
}

/** Clears a voucher of each lease in one transaction. */
export async function clearLeases(
  { chain, nodes, consumer, domain }: Market,
  vouchers: readonly (readonly [OpenLease, Omit<Voucher, "lease" | "last"> & { readonly last?: boolean }])[],
): Promise<Hex> {
  const entries = await Promise.all(
    vouchers.map(async ([{ terms, lease, session }, { last = false, ...given }]) => {
      const message: Voucher = { lease: lease as LeaseId, last, ...given };
      return { terms, voucher: await signMessage(session, domain, "Voucher", message) };
    }),
  );
  const clearing = { entries, receiptsRoot: toHex(8, { size: 32 }), validUntil: nowSeconds() + 7_200 };
  const signatures = new Map<NodeId, Hex>();
  for (const { key } of nodes) {
    const { signature } = await signMessage(key, domain, "ClearingBatch", clearingBatchOf(clearing));
    signatures.set(addressOf(key), signature);
  }
  return chain.send(consumer, clearCall(chain, encodeClearing(clearing, signatures)));
}
