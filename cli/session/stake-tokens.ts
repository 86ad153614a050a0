// Decides from where an owner's stake comes: from the wallet's tokens, and what they lack from its account in the
// exchange.
import type { Address } from "viem";
import { approveStakeCall, depositStakeCall, withdrawCall } from "#chain/calls.ts";
import type { Chain } from "#chain/connect.ts";
import { readTokenBalance } from "#chain/read-account.ts";
import type { TransactionLane } from "#chain/transaction-lane.ts";
import { random32 } from "#client/random.ts";
import type { Amount, NodeId } from "#protocol/units.ts";

export interface StakeWish {
  readonly owner: Address;
  readonly node: NodeId;
  /** Base units, above 0. */
  readonly amount: Amount;
}

/** Stakes `amount` for `node`, as shares of the profit share. @throws `account-underfunded` when both together lack it */
export async function stakeTokens(
  chain: Chain,
  lane: Pick<TransactionLane, "send">,
  { owner, node, amount }: StakeWish,
): Promise<void> {
  const id = random32().slice(2, 18);
  const held = await readTokenBalance(chain, owner);
  if (held < amount) await lane.send(`withdraw:${id}`, withdrawCall(chain, amount - held));
  await lane.send(`approve:${id}`, approveStakeCall(chain, amount));
  await lane.send(`stake:${id}`, depositStakeCall(chain, node, amount));
}
