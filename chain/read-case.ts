// Decides how the court's cases and jurors are read. It never says what a verdict should be.
import { type Hex, zeroHash } from "viem";
import type { JobOrder, LeaseTerms } from "#protocol/signed-messages.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import { courtAbi } from "./abi/court-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import { lowerAddresses } from "./lower-addresses.ts";

/** In the contract's order. `decided` can be carried out until the case closes. */
const CASE_STATES = ["none", "open", "decided", "closed"] as const;

export interface CaseRecord {
  readonly state: Exclude<(typeof CASE_STATES)[number], "none">;
  readonly closesAt: UnixSeconds;
  /** The jury is drawn by stake as of the end of this block. */
  readonly stakeBlock: number;
  /** Names the jury's draw. */
  readonly subject: Hex;
  /** Bit i says that the juror of seat i signed the verdict; 0 until decided. */
  readonly signers: bigint;
  /** The verdict; only zeros until decided. */
  readonly resultHash: Hex;
  /** Taken from the losers for the jury so far, vault shares. */
  readonly pot: Amount;
}

/** The case in the latest block; undefined when nobody appealed. @throws `chain-unreachable` */
export async function readCase({ client, settings, contracts }: Chain, orderId: Hex): Promise<CaseRecord | undefined> {
  const view = await asChainCall(settings.rpcUrl, "the case", () =>
    client.readContract({ address: contracts.court, abi: courtAbi, functionName: "caseOf", args: [orderId] }),
  );
  const state = CASE_STATES[view.status];
  if (state === undefined || state === "none") return undefined;
  const { closesAt, stakeBlock, subject, signers, resultHash, pot } = view;
  return { state, closesAt, stakeBlock, subject, signers, resultHash, pot };
}

/**
 * The jury of an order that was appealed, in seat order.
 * @throws `chain-unreachable`, `case-unknown`, `jury-not-drawn`, and what the stakes refuse, such as too few owners
 */
export async function readJury(
  { client, settings, contracts }: Chain,
  terms: LeaseTerms,
  order: JobOrder,
): Promise<readonly NodeId[]> {
  const jury = await asChainCall(settings.rpcUrl, "the jury", () =>
    client.readContract({ address: contracts.court, abi: courtAbi, functionName: "juryOf", args: [terms, order] }),
  );
  return lowerAddresses(jury);
}

/** Hash of the BLS key that the node has registered; undefined when it has none. @throws `chain-unreachable` */
export async function readJurorKey({ client, settings, contracts }: Chain, node: NodeId): Promise<Hex | undefined> {
  const hash = await asChainCall(settings.rpcUrl, "the juror's key", () =>
    client.readContract({ address: contracts.court, abi: courtAbi, functionName: "jurorKeyOf", args: [node] }),
  );
  return hash === zeroHash ? undefined : hash;
}
