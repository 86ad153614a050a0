import { redeemSharesCall } from "#chain/calls.ts";
import { traded } from "#chain/owner-outcome.ts";
import { readHolding } from "#chain/read-vault.ts";
import { random32 } from "#client/random.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { formatAmount, formatShares } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { openSession } from "../../../session/open-session.ts";
import type { ShareRedeemOptions } from "./share-redeem-options.ts";

export const shareRedeemHandler: Handler<ShareRedeemOptions> = async ({ shares: wanted }, context) => {
  const { chain, account, lane } = await openSession(context);
  const { address } = account;
  const shares = wanted === "all" ? (await readHolding(chain, address)).shares : wanted;
  if (shares === 0n) throw nothingHeld(address);
  context.progress.update(`Selling ${formatShares(shares)} shares`);
  const call = redeemSharesCall(chain, address, shares);
  const { hash, receipt } = await lane.send(`redeem:${random32().slice(2, 18)}`, call);
  const { amount } = traded(chain, receipt.logs, "Withdraw");
  const held = await readHolding(chain, address);
  return {
    json: { address: address.toLowerCase(), redeemed: shares, received: amount, ...held, transaction: hash },
    text: fields([
      ["redeemed", `${formatShares(shares)} shares`],
      ["received", `${formatAmount(amount)} tokens`],
      ["shares", `${formatShares(held.shares)}, worth ${formatAmount(held.worth)} tokens`],
      ["transaction", hash],
    ]),
  };
};

function nothingHeld(address: string): ProtocolError {
  return new ProtocolError("funds", "shares-missing", `${address} holds no shares; staked ones are the nodes'.`, {
    hint: "Buy some with mimik share deposit, or take stake back with mimik node unstake.",
    context: { address },
  });
}
