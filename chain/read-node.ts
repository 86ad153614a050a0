// Decides how a node's record on chain is read. It never says whether the node is up: that is the mesh's business.
import { type Address, zeroAddress } from "viem";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import { lowerAddresses } from "./lower-addresses.ts";

/** Amounts in base units, addresses in lower case. */
export interface NodeRecord {
  readonly node: NodeId;
  readonly owner: Address;
  /** Earned and not yet collected. */
  readonly earned: Amount;
  /** Counts in quorums. */
  readonly stake: Amount;
  /** No longer counts, and is not yet the owner's again. */
  readonly unbonding: Amount;
  /** From here on the unbonding stake can leave; 0 when nothing unbonds. */
  readonly unbondsAt: UnixSeconds;
  /** Until here no stake can leave. */
  readonly frozenUntil: UnixSeconds;
}

/** The node's record in the latest block; undefined when it is not registered. @throws `chain-unreachable` */
export async function readNode(chain: Chain, node: NodeId): Promise<NodeRecord | undefined> {
  const { client, settings } = chain;
  const view = await asChainCall(settings.rpcUrl, "the node", () =>
    client.readContract({ address: settings.exchange, abi: exchangeAbi, functionName: "nodeOf", args: [node] }),
  );
  if (view.owner === zeroAddress) return undefined;
  const { owner, earned, staked: stake, unbonding, unbondsAt, frozenUntil } = view;
  return lowerAddresses({ node, owner, earned, stake, unbonding, unbondsAt, frozenUntil });
}
