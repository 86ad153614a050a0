// Decides from where the tokens come that an owner stakes or puts into the profit share: from the wallet, and what it
// lacks from its account in the exchange.
import type { Address } from "viem";
import {
  approveSharesCall,
  approveStakeCall,
  depositSharesCall,
  depositStakeCall,
  withdrawCall,
} from "#chain/calls.ts";
import type { Chain } from "#chain/connect.ts";
import { readTokenBalance } from "#chain/read-account.ts";
import type { SentCall, TransactionLane } from "#chain/transaction-lane.ts";
import { random32 } from "#client/random.ts";
import type { Amount, NodeId } from "#protocol/units.ts";

type Lane = Pick<TransactionLane, "send">;

export interface ShareWish {
  readonly owner: Address;
  /** Base units, above 0. */
  readonly amount: Amount;
}

export interface StakeWish extends ShareWish {
  readonly node: NodeId;
}

/** Stakes `amount` for `node`, as shares of the profit share. @throws `account-underfunded` when both together lack it */
export async function stakeTokens(chain: Chain, lane: Lane, { node, ...wish }: StakeWish): Promise<SentCall> {
  const id = await bringTokens(chain, lane, wish);
  await lane.send(`approve:${id}`, approveStakeCall(chain, wish.amount));
  return lane.send(`stake:${id}`, depositStakeCall(chain, node, wish.amount));
}

/** Buys shares of the profit share for `amount`. @throws `account-underfunded` when both together lack it */
export async function buyShares(chain: Chain, lane: Lane, wish: ShareWish): Promise<SentCall> {
  const id = await bringTokens(chain, lane, wish);
  await lane.send(`approve:${id}`, approveSharesCall(chain, wish.amount));
  return lane.send(`share:${id}`, depositSharesCall(chain, wish.owner, wish.amount));
}

/** Afterwards the wallet holds `amount`; answers the id under which the lane's next calls go. */
async function bringTokens(chain: Chain, lane: Lane, { owner, amount }: ShareWish): Promise<string> {
  const id = random32().slice(2, 18);
  const held = await readTokenBalance(chain, owner);
  if (held < amount) await lane.send(`withdraw:${id}`, withdrawCall(chain, amount - held));
  return id;
}
