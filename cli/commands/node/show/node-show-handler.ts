import type { Chain } from "#chain/connect.ts";
import { readBalance } from "#chain/read-account.ts";
import type { NodeRecord } from "#chain/read-node.ts";
import { readWorth } from "#chain/read-vault.ts";
import { formatAmount, formatShares } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { chosenNode, requireNode } from "../../../session/chosen-node.ts";
import { openChain } from "../../../session/open-chain.ts";
import { settingsOf } from "../../../session/open-session.ts";
import { freeAt, whenFree } from "../../../session/when-free.ts";
import type { NodeShowOptions } from "./node-show-options.ts";

export const nodeShowHandler: Handler<NodeShowOptions> = async (choice, context) => {
  const node = await chosenNode(choice, context);
  const chain = await openChain(await settingsOf(context), context.signal);
  const record = await requireNode(chain, node);
  const [stakeWorth, unbondingWorth, account] = await Promise.all([
    readWorth(chain, record.stake),
    readWorth(chain, record.unbonding),
    readBalance(chain, node),
  ]);
  const free = record.unbonding > 0n ? freeAt(record) : null;
  return {
    json: { ...record, stakeWorth, unbondingWorth, freeAt: free, account },
    text: fields([
      ["node", node],
      ["owner", record.owner],
      ["earned", `${formatAmount(record.earned)} waits; mimik earnings --collect moves it to the owner`],
      ["forced", `${formatAmount(account)} on the node key's own account; mimik node sweep moves it to the owner`],
      ["stake", `${formatShares(record.stake)} shares, worth ${formatAmount(stakeWorth)} tokens`],
      ["tickets", `${record.tickets} in draws`],
      ["unbonding", free === null ? "nothing" : await unbondingText(chain, record, unbondingWorth)],
      ["frozen", await frozenText(chain, record)],
    ]),
  };
};

async function unbondingText(chain: Chain, record: NodeRecord, worth: bigint): Promise<string> {
  const amount = `${formatShares(record.unbonding)} shares, worth ${formatAmount(worth)} tokens`;
  return `${amount}; free ${await whenFree(chain, freeAt(record))}`;
}

async function frozenText(chain: Chain, { frozenUntil }: NodeRecord): Promise<string> {
  const free = await whenFree(chain, frozenUntil);
  return free === "now" ? "no" : `all of it; ends ${free}`;
}
