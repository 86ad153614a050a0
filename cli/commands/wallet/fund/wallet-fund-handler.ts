import { approveCall, depositCall, mintCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import { readAllowance, readBalance, readGasBalance, readTokenBalance } from "#chain/read-account.ts";
import { random32 } from "#client/random.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Amount, formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { openSession, type WalletSession } from "../../../session/open-session.ts";
import type { WalletFundOptions } from "./wallet-fund-options.ts";

/** Hardhat's, Ganache's and Geth's development chains: what is made there is worth nothing. */
const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 1_337];
/** One coin: enough gas for thousands of calls. */
const GAS_GIFT = 10n ** 18n;

export const walletFundHandler: Handler<WalletFundOptions> = async ({ amount }, context) => {
  const session = await openSession(context);
  const { chain, account, lane } = session;
  const local = DEVELOPMENT_CHAINS.includes(chain.domain.chainId);
  const run = random32().slice(2, 18);
  context.progress.update(`Depositing ${formatAmount(amount)}`);
  if (local) await giveGas(session);
  const held = await readTokenBalance(chain, account.address);
  if (held < amount) {
    if (!local) throw tooFewTokens(chain, account.address, held, amount);
    await lane.send(`mint:${run}`, mintCall(chain, account.address, amount - held));
  }
  if ((await readAllowance(chain, account.address)) < amount)
    await lane.send(`approve:${run}`, approveCall(chain, amount));
  const { hash } = await lane.send(`deposit:${run}`, depositCall(chain, amount));
  const balance = await readBalance(chain, account.address);
  return {
    json: { address: account.address.toLowerCase(), deposited: amount, account: balance, transaction: hash },
    text: fields([
      ["address", account.address],
      ["deposited", formatAmount(amount)],
      ["account", `${formatAmount(balance)} in the exchange`],
      ["transaction", hash],
    ]),
  };
};

/** The chain's own first account gives it; such chains sign for their accounts. */
async function giveGas({ chain, account }: WalletSession): Promise<void> {
  if ((await readGasBalance(chain, account.address)) >= GAS_GIFT / 10n) return;
  await asChainCall(chain.settings.rpcUrl, "a gift of gas", async () => {
    const [from] = (await chain.client.request({ method: "eth_accounts" } as never)) as readonly string[];
    const hash: `0x${string}` = await chain.client.request({
      method: "eth_sendTransaction",
      params: [{ from, to: account.address, value: `0x${GAS_GIFT.toString(16)}` }],
    } as never);
    await chain.client.waitForTransactionReceipt({ hash, pollingInterval: 100 });
  });
}

function tooFewTokens(chain: Chain, address: string, held: Amount, wanted: Amount): ProtocolError {
  const message = `${address} holds ${formatAmount(held)} tokens, ${formatAmount(wanted)} are to be deposited.`;
  return new ProtocolError("funds", "tokens-missing", message, {
    hint: `Send tokens of ${chain.token} on chain ${chain.domain.chainId} to that address first.`,
    context: { address, held, wanted, token: chain.token },
  });
}
