// When a node's unbonding stake comes free, for people.
import type { Chain } from "#chain/connect.ts";
import type { NodeRecord } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { date } from "../command/table.ts";
import { timeLeft } from "../command/time-left.ts";

/** When what unbonds can leave: a freeze holds it beyond its own time. */
export function freeAt({ unbondsAt, frozenUntil }: NodeRecord): UnixSeconds {
  return Math.max(unbondsAt, frozenUntil);
}

/** `in 2 days 3 hours, 2026-01-02 03:04:05 UTC`, or `now`. @throws `chain-unreachable` */
export async function whenFree(chain: Chain, at: UnixSeconds): Promise<string> {
  // The next block's time: a quiet chain's latest block is old, and a local chain's clock may be ahead.
  const now = Math.max(await readTime(chain), Date.now() / 1_000);
  return at <= now ? "now" : `in ${timeLeft(at - now)}, ${date(at)} UTC`;
}
