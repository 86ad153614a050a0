// A market for tests: a real local chain, nodes of different owners, one consumer, and statements to sign.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hex, type LocalAccount, toHex } from "viem";
import { addStakeCall, claimCall, openLeaseCall, registerNodeCall, settleCall } from "#chain/calls.ts";
import { type MarketplaceConfig, parseMarketplaceConfig } from "#marketplace/config/marketplace-config.ts";
import { claimOf } from "#protocol/claim.ts";
import { compareNodes } from "#protocol/order.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
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
  await chain.fund(node.owner, 1_000_000n);
  await chain.send(node.owner, addStakeCall(chain, node.key.address, 1_000_000n));
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
}

/** Settles an order of the lease at `price` a node; answers the order's id and the transaction. */
export async function settleJob(
  { chain, nodes, consumer, domain }: Market,
  { terms, lease, session }: OpenLease,
  { nonce, price, forceFee = 0n, deadline = nowSeconds() + 3_600 }: Settlement,
): Promise<{ order: Hex; transaction: Hex }> {
  const message = orderOf(lease, { nonce, forceFee, deadline });
  const order = signingHash(domain, "JobOrder", message);
  const result = toHex(nonce + 77, { size: 32 });
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
  return { order, transaction: await chain.send(consumer, settleCall(chain, terms, signed, attestations)) };
}

/** Has the committee claim the lease's orders with these nonces, all past their deadline, at `perNode` for all of them. */
export async function claimJobs(
  { chain, nodes, consumer, domain }: Market,
  { terms, lease, session }: OpenLease,
  claimed: {
    readonly nonces: readonly number[];
    readonly perNode: bigint;
    readonly forceFee: bigint;
    readonly deadline: number;
  },
): Promise<Hex> {
  const { nonces, perNode, forceFee, deadline } = claimed;
  const messages = nonces.map((nonce) => orderOf(lease, { nonce, forceFee, deadline }));
  const orders = await Promise.all(messages.map((message) => signMessage(session, domain, "JobOrder", message)));
  const claim = claimOf(domain, { orders: messages, receiptsRoot: toHex(77, { size: 32 }), perNode });
  const signatures = nodes.map(async ({ key }) => (await signMessage(key, domain, "Claim", claim)).signature);
  return chain.send(consumer, claimCall(chain, terms, { orders, claim }, await Promise.all(signatures)));
}

function orderOf(lease: OpenLease["lease"], terms: { nonce: number; forceFee: bigint; deadline: number }) {
  return { lease, jobs: toHex(terms.nonce, { size: 32 }), maxPrice: 50_000_000n, quorumBps: 6_666, ...terms };
}
