import { collectEarningsCall } from "#chain/calls.ts";
import { collected } from "#chain/owner-outcome.ts";
import { readNode } from "#chain/read-node.ts";
import { readFeeBps } from "#chain/read-vault.ts";
import { random32 } from "#client/random.ts";
import type { Earnings } from "#protocol/marketplace-api.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../command/command.ts";
import { date, short, table } from "../../command/table.ts";
import { openChain } from "../../session/open-chain.ts";
import { openMarketplace, openSession, settingsOf } from "../../session/open-session.ts";
import { findWallet } from "../../session/open-wallet.ts";
import type { EarningsOptions } from "./earnings-options.ts";

const LINES_SHOWN = 20;

export const earningsHandler: Handler<EarningsOptions> = async ({ owner: given, collect }, context) => {
  const settings = await settingsOf(context);
  const owner = given ?? (await findWallet(settings)).address;
  const { signal } = context;
  const earnings = await openMarketplace(settings).earnings(owner, { signal });
  const chain = await openChain(settings, signal);
  const nodes = await Promise.all(
    earnings.nodes.map(async (row) => ({ ...row, waiting: (await readNode(chain, row.node))?.earned ?? 0n })),
  );
  const due = nodes.filter(({ waiting }) => waiting > 0n).map(({ node }) => node);
  const collection = collect && due.length > 0 ? await collectFrom(due) : null;
  const feeBps = await readFeeBps(chain);
  const lines = earnings.lines.slice(0, LINES_SHOWN);
  const waiting = nodes.reduce((sum, node) => sum + node.waiting, 0n);
  return {
    json: {
      ...{ owner, earned: earnings.earned, waiting, feeBps, nodes, lines: earnings.lines },
      collected: collection?.transaction ?? null,
      received: collection?.received ?? null,
      fee: collection?.fee ?? null,
    },
    text: [
      `Owner ${owner} has earned ${formatAmount(earnings.earned)}, of which ${formatAmount(waiting)} ${
        collection ? `was collected in ${collection.transaction}` : "waits to be collected"
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

  async function collectFrom(earning: readonly `0x${string}`[]) {
    const session = await openSession(context);
    const call = collectEarningsCall(session.chain, earning);
    const { hash, receipt } = await session.lane.send(`collect:${random32()}`, call);
    return { transaction: hash, ...collected(session.chain, receipt.logs) };
  }
};

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
