import { traded } from "#chain/owner-outcome.ts";
import { readHolding } from "#chain/read-vault.ts";
import { formatAmount, formatShares } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { openSession } from "../../../session/open-session.ts";
import { buyShares } from "../../../session/stake-tokens.ts";
import type { ShareDepositOptions } from "./share-deposit-options.ts";

export const shareDepositHandler: Handler<ShareDepositOptions> = async ({ amount }, context) => {
  const { chain, account, lane } = await openSession(context);
  context.progress.update(`Buying shares for ${formatAmount(amount)}`);
  const { hash, receipt } = await buyShares(chain, lane, { owner: account.address, amount });
  const bought = traded(chain, receipt.logs, "Deposit");
  const held = await readHolding(chain, account.address);
  return {
    json: {
      address: account.address.toLowerCase(),
      deposited: amount,
      bought: bought.shares,
      ...held,
      transaction: hash,
    },
    text: fields([
      ["deposited", `${formatAmount(amount)} tokens`],
      ["bought", `${formatShares(bought.shares)} shares`],
      ["shares", `${formatShares(held.shares)}, worth ${formatAmount(held.worth)} tokens`],
      ["transaction", hash],
    ]),
  };
};
