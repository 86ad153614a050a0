import { formatEther } from "viem";
import { readBalance, readGasBalance, readTokenBalance } from "#chain/read-account.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { openChain } from "../../../session/open-chain.ts";
import { settingsOf } from "../../../session/open-session.ts";
import { findWallet } from "../../../session/open-wallet.ts";
import type { WalletShowOptions } from "./wallet-show-options.ts";

export const walletShowHandler: Handler<WalletShowOptions> = async ({ name: wanted }, context) => {
  const settings = await settingsOf(context);
  const { name, address } = await findWallet({ ...settings, wallet: wanted ?? settings.wallet });
  const chain = await openChain(settings, context.signal);
  const [account, tokens, gas] = await Promise.all([
    readBalance(chain, address),
    readTokenBalance(chain, address),
    readGasBalance(chain, address),
  ]);
  const { chainId, exchange } = chain.domain;
  return {
    json: { name, address, chainId, exchange, token: chain.token, account, tokens, gas },
    text: fields([
      ["wallet", name],
      ["address", address],
      ["account", `${formatAmount(account)} in the exchange ${exchange}`],
      ["tokens", `${formatAmount(tokens)} outside it`],
      ["gas", `${formatEther(gas)} on chain ${chainId}`],
    ]),
  };
};
