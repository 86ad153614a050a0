import type { Chain } from "#chain/connect.ts";
import { readNode } from "#chain/read-node.ts";
import { readFeeBps } from "#chain/read-vault.ts";
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { Earnings, NodeRow } from "#protocol/marketplace-api.ts";
import { type Amount, formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../command/command.ts";
import { date, short, table } from "../../command/table.ts";
import { collectEarnings } from "../../session/collect-earnings.ts";
import { openChain } from "../../session/open-chain.ts";
import { openMarketplace, openSession, settingsOf } from "../../session/open-session.ts";
import { findWallet } from "../../session/open-wallet.ts";
import type { EarningsOptions } from "./earnings-options.ts";

const LINES_SHOWN = 20;
/** Pages of one owner's nodes: 10,000 nodes. */
const NODE_PAGES = 50;
/** Nodes of which the chain is asked at once. */
const READS_AT_ONCE = 64;

export const earningsHandler: Handler<EarningsOptions> = async ({ owner: given, collect }, context) => {
  const settings = await settingsOf(context);
  const owner = given ?? (await findWallet(settings)).address;
  const { signal } = context;
  const marketplace = openMarketplace(settings);
  const earnings = await marketplace.earnings(owner, { signal });
  const chain = await openChain(settings, signal);
  const nodes = await withWaiting(chain, await nodesOf(marketplace, owner, signal));
  const due = nodes.filter(({ waiting }) => waiting > 0n).map(({ node }) => node);
  const collection = collect && due.length > 0 ? await collectEarnings(await openSession(context), due) : null;
  const feeBps = await readFeeBps(chain);
  const lines = earnings.lines.slice(0, LINES_SHOWN);
  const waiting = nodes.reduce((sum, node) => sum + node.waiting, 0n);
  return {
    json: {
      ...{ owner, earned: earnings.earned, waiting, feeBps, nodes, lines: earnings.lines },
      collected: collection?.transactions ?? null,
      received: collection?.received ?? null,
      fee: collection?.fee ?? null,
    },
    text: [
      `Owner ${owner} has earned ${formatAmount(earnings.earned)}, of which ${formatAmount(waiting)} ${
        collection ? `was collected in ${collection.transactions.join(", ")}` : "waits to be collected"
      }.`,
      collection
        ? `The exchange took ${formatAmount(collection.fee)} of it as its fee; ${formatAmount(collection.received)} went to the owner's account.`
        : `Of what is collected the exchange takes ${feeBps / 100} % as its fee, for the profit share.`,
      table(
        [{ title: "node" }, { title: "jobs", right: true }, { title: "earned", right: true }],
        nodes.map(({ node, jobs, earned }) => [node, String(jobs), formatAmount(earned)]),
        "No node of this owner has earned anything yet.",
      ),
      table(
        [
          { title: "time (UTC)" },
          { title: "for" },
          { title: "jobs", right: true },
          { title: "node" },
          { title: "amount", right: true },
          { title: "transaction" },
        ],
        lines.map((line) => [
          date(line.time),
          forWhat(line),
          String(line.jobs),
          short(line.node),
          formatAmount(line.amount),
          line.transaction,
        ]),
        "",
      ),
    ]
      .filter((part) => part !== "")
      .join("\n\n"),
  };
};

/** Every node of the owner's: the answer about earnings names only the first. */
async function nodesOf(marketplace: MarketplaceClient, owner: `0x${string}`, signal: AbortSignal) {
  const found: NodeRow[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < NODE_PAGES; page++) {
    const { rows, next } = await marketplace.nodes({ owner, cursor, limit: LIMITS.pageRows, signal });
    found.push(...rows);
    if (next === null) break;
    cursor = next;
  }
  return found.map(({ node, earned, jobs }) => ({ node, earned, jobs }));
}

type Waiting<Row> = Row & { readonly waiting: Amount };

/** With what each node has earned and nobody has collected, as the chain says. */
async function withWaiting<Row extends Pick<NodeRow, "node">>(
  chain: Chain,
  rows: readonly Row[],
): Promise<readonly Waiting<Row>[]> {
  const found: Waiting<Row>[] = [];
  for (let from = 0; from < rows.length; from += READS_AT_ONCE) {
    const part = rows.slice(from, from + READS_AT_ONCE);
    const read = async (row: Row) => ({ ...row, waiting: (await readNode(chain, row.node))?.earned ?? 0n });
    found.push(...(await Promise.all(part.map(read))));
  }
  return found;
}

/** An order and a claim by id; a voucher by the nonces that it covers beyond the one before. */
function forWhat({ paidFor, lease }: Earnings["lines"][number]): string {
  if (paidFor.kind === "order") return `order ${short(paidFor.order)}`;
  if (paidFor.kind === "claim") return `claim ${short(paidFor.claim)}`;
  return `voucher for ${coveredBy(paidFor)} of lease ${short(lease)}`;
}

function coveredBy({ after, upTo }: { readonly after: number; readonly upTo: number }): string {
  // It may pay more for what an earlier one covers.
  if (after === upTo) return `orders up to ${upTo}`;
  return after + 1 === upTo ? `order ${upTo}` : `orders ${after + 1} to ${upTo}`;
}
