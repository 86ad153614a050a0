// Decides what time it is for the contracts. It never reads the machine's clock.
import type { UnixSeconds } from "#protocol/units.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

/**
 * Time of the latest block. On a chain that makes blocks only for transactions it may lie far behind the clock; the
 * next transaction's block will carry a later one.
 * @throws `chain-unreachable`
 */
export async function readTime({ client, settings }: Chain): Promise<UnixSeconds> {
  const block = await asChainCall(settings.rpcUrl, "the latest block", () => client.getBlock({ blockTag: "latest" }));
  return Number(block.timestamp);
}
