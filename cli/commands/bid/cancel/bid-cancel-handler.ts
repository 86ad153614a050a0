import { signMessage } from "#protocol/signing.ts";
import type { Handler } from "../../../command/command.ts";
import { openChain } from "../../../session/open-chain.ts";
import { openMarketplace, settingsOf } from "../../../session/open-session.ts";
import { openWallet } from "../../../session/open-wallet.ts";
import type { BidCancelOptions } from "./bid-cancel-options.ts";

export const bidCancelHandler: Handler<BidCancelOptions> = async ({ bid }, context) => {
  const settings = await settingsOf(context);
  const marketplace = openMarketplace(settings);
  const { domain } = await openChain(settings, context.signal);
  const account = await openWallet(context, settings);
  const message = { statement: bid, signer: account.address.toLowerCase() as `0x${string}` };
  const cancellation = await signMessage(account, domain, "Cancellation", message);
  const cancelled = await marketplace.cancel(cancellation, { signal: context.signal });
  return {
    json: { bid, cancelled },
    text: cancelled ? `Bid ${bid} is withdrawn.` : `Bid ${bid} did not stand any more.`,
  };
};
