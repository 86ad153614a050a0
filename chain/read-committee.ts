// Decides how the committee of a lease is found by the lease's id alone, which is a hash. It never says who is in it now:
// a committee is for ever.
import type { Hex } from "viem";
import type { NodeId } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import { lowerAddresses } from "./lower-addresses.ts";

/** The nodes of the lease, as its opening says; undefined when it was never opened. @throws `chain-unreachable` */
export async function readCommittee({ client, settings }: Chain, leaseId: Hex): Promise<readonly NodeId[] | undefined> {
  const opened = await asChainCall(settings.rpcUrl, "the lease's opening", () =>
    client.getContractEvents({
      address: settings.exchange,
      abi: exchangeAbi,
      eventName: "LeaseOpened",
      args: { leaseId },
      fromBlock: BigInt(settings.deployedAt ?? 0),
      strict: true,
    }),
  );
  const [first] = opened;
  return first && lowerAddresses(first.args.nodes);
}
