// Decides how draws are read. It never computes one: the contract does, from the stake of a past block.
import type { Hex } from "viem";
import type { CommitteeTerms } from "#protocol/committee-subject.ts";
import type { Amount, NodeId } from "#protocol/units.ts";
import { drawsAbi } from "./abi/draws-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import { lowerAddresses } from "./lower-addresses.ts";

export interface DrawRecord {
  /** Block of the request; stake counts as of the one before. */
  readonly requestedAt: number;
  /** Block whose randomness decides. */
  readonly beaconBlock: number;
  /** Undefined until the beacon is recorded. */
  readonly randomness: Hex | undefined;
}

/** What a consumer pays for each draw that it asks for, base units. @throws `chain-unreachable` */
export function readDrawPrice({ client, settings, contracts }: Chain): Promise<Amount> {
  return asChainCall(settings.rpcUrl, "the price of a draw", () =>
    client.readContract({ address: contracts.draws, abi: drawsAbi, functionName: "PRICE" }),
  );
}

/** The draw in the latest block; undefined when nobody asked for it. @throws `chain-unreachable` */
export async function readDraw(chain: Chain, subject: Hex): Promise<DrawRecord | undefined> {
  const { client, settings } = chain;
  const address = chain.contracts.draws;
  const [requestedAt, beaconBlock, randomness] = await asChainCall(settings.rpcUrl, "the draw", () =>
    client.readContract({ address, abi: drawsAbi, functionName: "drawOf", args: [subject] }),
  );
  if (beaconBlock === 0n) return undefined;
  return {
    requestedAt: Number(requestedAt),
    beaconBlock: Number(beaconBlock),
    randomness: BigInt(randomness) === 0n ? undefined : randomness,
  };
}

/**
 * The nodes that were drawn, strictly ascending.
 * @throws `draw-unknown`, `beacon-not-recorded`, `too-few-owners`, `chain-unreachable`
 */
export async function readDrawnCommittee(chain: Chain, committee: CommitteeTerms): Promise<readonly NodeId[]> {
  const { client, settings } = chain;
  const address = chain.contracts.draws;
  const { consumer, sessionKey, salt, size } = committee;
  const nodes = await asChainCall(settings.rpcUrl, "the drawn committee", () =>
    client.readContract({
      address,
      abi: drawsAbi,
      functionName: "committeeOf",
      args: [consumer, sessionKey, salt, BigInt(size)],
    }),
  );
  return lowerAddresses(nodes);
}

/** Whether the lease's committee was proved to be the drawn one. @throws `chain-unreachable` */
export async function isLeaseDrawn(chain: Chain, leaseId: Hex): Promise<boolean> {
  const { client, settings } = chain;
  const address = chain.contracts.draws;
  return asChainCall(settings.rpcUrl, "the lease's draw", () =>
    client.readContract({ address, abi: drawsAbi, functionName: "isDrawn", args: [leaseId] }),
  );
}
