// Decides how a juror's key is read. It never derives one.
import { type Address, type Hex, zeroHash } from "viem";
import type { NodeId } from "#protocol/units.ts";
import { courtAbi } from "./abi/court-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

type Reader = Pick<Chain, "client"> & { readonly settings: Pick<Chain["settings"], "rpcUrl"> };

/** Hash of the BLS key that the node has registered; undefined when it has none. @throws `chain-unreachable` */
export async function readJurorKey(chain: Reader, court: Address, node: NodeId): Promise<Hex | undefined> {
  const { client, settings } = chain;
  const hash = await asChainCall(settings.rpcUrl, "the juror's key", () =>
    client.readContract({ address: court, abi: courtAbi, functionName: "jurorKeyOf", args: [node] }),
  );
  return hash === zeroHash ? undefined : hash;
}
