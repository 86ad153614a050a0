import type { Handler } from "../../../command/command.ts";
import { table } from "../../../command/table.ts";
import { settingsOf } from "../../../session/open-session.ts";
import { listWallets } from "../../../session/open-wallet.ts";

export const walletListHandler: Handler<Record<string, never>> = async (_options, context) => {
  const settings = await settingsOf(context);
  const wallets = await listWallets(settings.home);
  const chosen = wallets.find(
    ({ name, address }) => name === settings.wallet || address === settings.wallet?.toLowerCase(),
  );
  return {
    json: { wallets, chosen: chosen?.name ?? (wallets.length === 1 ? wallets[0]?.name : null) ?? null },
    text: table(
      [{ title: "wallet" }, { title: "address" }, { title: "" }],
      wallets.map((wallet) => [wallet.name, wallet.address, wallet === chosen ? "chosen" : ""]),
      "There is no wallet here. Make one with mimik wallet create.",
    ),
  };
};
