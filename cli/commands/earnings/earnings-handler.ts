import { collectEarningsCall } from "#chain/calls.ts";
import { readNode } from "#chain/read-node.ts";
import { random32 } from "#client/random.ts";
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
  const transaction = collect && due.length > 0 ? await collectFrom(due) : null;
  const lines = earnings.lines.slice(0, LINES_SHOWN);
  const waiting = nodes.reduce((sum, node) => sum + node.waiting, 0n);
  return {
    json: { owner, earned: earnings.earned, waiting, nodes, lines: earnings.lines, collected: transaction },
    text: [
      `Owner ${owner} has earned ${formatAmount(earnings.earned)}, of which ${formatAmount(waiting)} ${
        transaction ? `was moved to its account in ${transaction}` : "waits to be collected"
      }.`,
      table(
        [{ title: "node" }, { title: "jobs", right: true }, { title: "earned", right: true }],
        nodes.map(({ node, jobs, earned }) => [node, String(jobs), formatAmount(earned)]),
        "No node of this owner has earned anything yet.",
      ),
      table(
        [
          { title: "time (UTC)" },
          { title: "order" },
          { title: "node" },
          { title: "amount", right: true },
          { title: "transaction" },
        ],
        lines.map((line) => [
          date(line.time),
          line.order ? short(line.order) : "vouchers",
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

  async function collectFrom(earning: readonly `0x${string}`[]): Promise<string> {
    const session = await openSession(context);
    const call = collectEarningsCall(session.chain, earning);
    return (await session.lane.send(`collect:${random32()}`, call)).hash;
  }
};
