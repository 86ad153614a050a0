// Decides how a node's record on chain is read. It never says whether the node is up: that is the mesh's business.
import { type Address, zeroAddress } from "viem";
import type { Amount, NodeId, Shares, UnixSeconds } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { stakingAbi } from "./abi/staking-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import { lowerAddresses } from "./lower-addresses.ts";

/** Earnings in base units of the token, stake in shares of the vault, addresses in lower case. */
export interface NodeRecord {
  readonly node: NodeId;
  readonly owner: Address;
  /** Earned and not yet collected. */
  readonly earned: Amount;
  /** Counts in quorums and draws. */
  readonly stake: Shares;
  /** No longer counts, and is not yet the owner's again. */
  readonly unbonding: Shares;
  /** From here on the unbonding stake can leave; 0 when nothing unbonds. */
  readonly unbondsAt: UnixSeconds;
  /** Until here no stake can leave. */
  readonly frozenUntil: UnixSeconds;
  /** How many times the node stands in draws. */
  readonly tickets: number;
}

/** Shares of stake for which a node stands once in draws. @throws `chain-unreachable` */
export function readTicket({ client, settings, contracts }: Chain): Promise<Shares> {
  return asChainCall(settings.rpcUrl, "the stake of a ticket", () =>
    client.readContract({ address: contracts.staking, abi: stakingAbi, functionName: "TICKET" }),
  );
}

/** The node's record in the latest block; undefined when it is not registered. @throws `chain-unreachable` */
export async function readNode(chain: Chain, node: NodeId): Promise<NodeRecord | undefined> {
  const { client, settings, contracts } = chain;
  const [{ owner, earned }, { staked: stake, unbonding, unbondsAt, frozenUntil, tickets }] = await asChainCall(
    settings.rpcUrl,
    "the node",
    () =>
      Promise.all([
        client.readContract({ address: settings.exchange, abi: exchangeAbi, functionName: "nodeOf", args: [node] }),
        client.readContract({ address: contracts.staking, abi: stakingAbi, functionName: "stakeOf", args: [node] }),
      ]),
  );
  if (owner === zeroAddress) return undefined;
  return lowerAddresses({ node, owner, earned, stake, unbonding, unbondsAt, frozenUntil, tickets });
}
