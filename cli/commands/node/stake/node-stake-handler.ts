import { traded } from "#chain/owner-outcome.ts";
import { readWorth } from "#chain/read-vault.ts";
import { formatAmount, formatShares } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { chosenNode, requireNode, requireOwner } from "../../../session/chosen-node.ts";
import { openSession } from "../../../session/open-session.ts";
import { stakeTokens } from "../../../session/stake-tokens.ts";
import type { NodeStakeOptions } from "./node-stake-options.ts";

export const nodeStakeHandler: Handler<NodeStakeOptions> = async ({ amount, ...choice }, context) => {
  const node = await chosenNode(choice, context);
  const { chain, account, lane } = await openSession(context);
  // Before any token moves.
  requireOwner(await requireNode(chain, node), account.address);
  context.progress.update(`Staking ${formatAmount(amount)}`);
  const { hash, receipt } = await stakeTokens(chain, lane, { owner: account.address, node, amount });
  const { shares } = traded(chain, receipt.logs, "Deposit");
  const { stake, tickets } = await requireNode(chain, node);
  const worth = await readWorth(chain, stake);
  return {
    json: { node, staked: amount, shares, stake, stakeWorth: worth, tickets, transaction: hash },
    text: fields([
      ["node", node],
      ["staked", `${formatAmount(amount)} tokens, ${formatShares(shares)} shares`],
      ["stake", `${formatShares(stake)} shares, worth ${formatAmount(worth)} tokens`],
      ["tickets", `${tickets} in draws`],
      ["transaction", hash],
    ]),
  };
};
