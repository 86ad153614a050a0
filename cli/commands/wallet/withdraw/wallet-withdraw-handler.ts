import { withdrawCall } from "#chain/calls.ts";
import { readBalance } from "#chain/read-account.ts";
import { random32 } from "#client/random.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { openSession } from "../../../session/open-session.ts";
import type { WalletWithdrawOptions } from "./wallet-withdraw-options.ts";

export const walletWithdrawHandler: Handler<WalletWithdrawOptions> = async ({ amount }, context) => {
  const { chain, account, lane } = await openSession(context);
  context.progress.update(`Withdrawing ${formatAmount(amount)}`);
  const { hash } = await lane.send(`withdraw:${random32().slice(2, 18)}`, withdrawCall(chain, amount));
  const balance = await readBalance(chain, account.address);
  return {
    json: { address: account.address.toLowerCase(), withdrawn: amount, account: balance, transaction: hash },
    text: fields([
      ["withdrawn", formatAmount(amount)],
      ["account", `${formatAmount(balance)} in the exchange`],
      ["transaction", hash],
    ]),
  };
};
