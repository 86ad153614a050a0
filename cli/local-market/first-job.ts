// The job that a local market begins with: the licence audit of everything that npm ci installed.
import { join } from "node:path";
import type { Address, Hex, LocalAccount } from "viem";
import { readBalance } from "#chain/read-account.ts";
import { readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import type { JobResult } from "#client/job-result.ts";
import type { OnProgress } from "#client/progress.ts";
import { runJobs } from "#client/run-jobs.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Amount } from "#protocol/units.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { projectRoot } from "../program/project-root.ts";
import { walletLane } from "../session/wallet-lane.ts";
import { collectManifests } from "./collect-manifests.ts";
import type { LocalMarket } from "./local-market.ts";

export interface FirstJobInput {
  readonly market: LocalMarket;
  /** The consumer's home. */
  readonly home: string;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface FirstJob {
  readonly result: JobResult;
  /** Names by address in lower case. */
  readonly owners: ReadonlyMap<string, string>;
  /** The answer in sentences. */
  readonly summary: readonly string[];
  /** What `mimik up --once --json` prints. */
  readonly report: Readonly<Record<string, unknown>>;
}

const OFFER_WAIT_MILLIS = 20_000;

/** @throws `offers-missing`, and as `runJobs` */
export async function runFirstJob({ market, home, signal, onProgress }: FirstJobInput): Promise<FirstJob> {
  const root = projectRoot();
  const { chain, accounts } = market;
  const consumer = accounts.consumer.account;
  const [image, packages] = await Promise.all([
    packImage(join(root, "examples", "licence-audit")),
    collectManifests(join(root, "node_modules")),
    waitForOffers(market, signal),
  ]);
  const before = await balances(market);
  await using runtime = await createRuntime({ executors: 1 });
  const result = await runJobs({
    chain,
    lane: walletLane({ chain, account: consumer, home, signal }),
    home,
    wallet: consumer,
    marketplace: market.marketplace.url,
    image,
    requests: [
      {
        method: "POST",
        url: "/",
        headers: [["content-type", "application/json"]],
        body: new TextEncoder().encode(JSON.stringify({ packages })),
      },
    ],
    runtime,
    onProgress,
    signal,
  });
  const after = await balances(market, result.lease);
  return {
    result,
    owners: new Map(accounts.owners.map(({ name, account }) => [account.address.toLowerCase(), name])),
    summary: summaryOf(result),
    report: reportOf(result, { before, after }),
  };
}

async function waitForOffers({ marketplace, nodes }: LocalMarket, signal: AbortSignal): Promise<void> {
  const client = httpMarketplaceClient(marketplace.url);
  const until = Date.now() + OFFER_WAIT_MILLIS;
  for (;;) {
    const { rows } = await client.offers({ signal });
    if (rows.length >= nodes.length) return;
    if (Date.now() > until) {
      throw new ProtocolError(
        "timeout",
        "offers-missing",
        `Only ${rows.length} of ${nodes.length} nodes offer anything.`,
        {
          hint: "Read the nodes' logs.",
          context: { offers: rows.length, nodes: nodes.length },
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Base units by address: an owner's account and its nodes' uncollected earnings, the consumer's account, and the job's
 * lease, whose remainder returns to the consumer when it ends. The sum before is the sum after.
 */
async function balances({ chain, nodes, accounts }: LocalMarket, lease?: Hex): Promise<Record<string, Amount>> {
  const lower = ({ address }: LocalAccount) => address.toLowerCase() as Address;
  const consumer = lower(accounts.consumer.account);
  const rows = await Promise.all(
    nodes.map(async ({ node, owner }) => {
      const [account, record] = await Promise.all([readBalance(chain, owner.account.address), readNode(chain, node)]);
      return [lower(owner.account), account + (record?.earned ?? 0n)] as [Address, Amount];
    }),
  );
  const held = lease === undefined ? undefined : (await readLease(chain, lease))?.remaining;
  return Object.fromEntries([
    [consumer, await readBalance(chain, consumer)],
    ...rows,
    ...(lease !== undefined && held !== undefined ? [[lease, held] as [Hex, Amount]] : []),
  ]);
}

function reportOf(result: JobResult, change: { before: object; after: object }): Record<string, unknown> {
  const { job, answerDigest, usage, committee, attestations, settlementTransaction, paid } = result;
  return {
    job,
    answerDigest,
    usage,
    committee: committee.map(({ node, owner }) => ({ node, owner })),
    attestations,
    settlementTransaction,
    paid,
    balances: change,
  };
}

interface Audit {
  readonly total: number;
  readonly licences: readonly { readonly licence: string; readonly count: number }[];
  readonly review: readonly { readonly name: string; readonly version: string; readonly reason: string }[];
}

function summaryOf({ responses }: JobResult): readonly string[] {
  const audit = JSON.parse(new TextDecoder().decode(responses[0]?.body)) as Audit;
  const licences = audit.licences.slice(0, 5).map(({ licence, count }) => `${count} ${licence}`);
  const more = audit.licences.length - licences.length;
  return [
    `${audit.total} packages: ${licences.join(", ")}${more > 0 ? `, ${more} more licences` : ""}`,
    audit.review.length === 0 ? "None wants a look." : `${audit.review.length} want a look:`,
    ...audit.review.slice(0, 5).map(({ name, version, reason }) => `  ${name}@${version}: ${reason}`),
  ];
}
