import { readHolding, readVault } from "#chain/read-vault.ts";
import { formatAmount, formatShares } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { timeLeft } from "../../../command/time-left.ts";
import { openChain } from "../../../session/open-chain.ts";
import { settingsOf } from "../../../session/open-session.ts";
import { findWallet } from "../../../session/open-wallet.ts";
import type { ShareShowOptions } from "./share-show-options.ts";

export const shareShowHandler: Handler<ShareShowOptions> = async ({ name: wanted }, context) => {
  const settings = await settingsOf(context);
  const { name, address } = await findWallet({ ...settings, wallet: wanted ?? settings.wallet });
  const chain = await openChain(settings, context.signal);
  const [held, vault] = await Promise.all([readHolding(chain, address), readVault(chain)]);
  const { assets, price, dripping, dripSeconds, feesWaiting, feeBps } = vault;
  return {
    json: { name, address, ...held, vault: { address: chain.contracts.vault, ...vault } },
    text: fields([
      ["wallet", name],
      ["shares", `${formatShares(held.shares)}, worth ${formatAmount(held.worth)} tokens; staked ones are the nodes'`],
      ["price", `${formatAmount(price)} tokens a share`],
      ["in all", `${formatShares(vault.shares)} shares, worth ${formatAmount(assets)} tokens`],
      ["dripping", `${formatAmount(dripping)} tokens become the holders' within ${timeLeft(dripSeconds)}`],
      ["waiting", `${formatAmount(feesWaiting)} tokens of fees in the exchange; mimik share harvest brings them`],
      ["fee", `${feeBps / 100} % of what owners collect`],
    ]),
  };
};
