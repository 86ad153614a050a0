// What a node wants of the chain when there is a dispute, without knowing how it is read or sent.
import type { Hex } from "viem";
import type { ChainChange, Checkpoint } from "#chain/follow.ts";
import type { CaseRecord } from "#chain/read-case.ts";
import type { DrawRecord } from "#chain/read-draw.ts";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import type { NodeId, Shares } from "#protocol/units.ts";
import type { CourtDomain, JurorRegistration, Verdict } from "#protocol/verdict.ts";
import type { Evidence } from "../orders/chain-view.ts";

/** One call, sent from the node's key. */
export type CourtCall =
  | { readonly call: "register"; readonly registration: JurorRegistration }
  | { readonly call: "appeal" | "punish"; readonly evidence: Evidence }
  | { readonly call: "record"; readonly block: number }
  | { readonly call: "decide"; readonly terms: LeaseTerms; readonly order: JobOrder; readonly verdict: Verdict }
  | { readonly call: "pay"; readonly order: Hex; readonly jury: readonly NodeId[]; readonly seats: bigint }
  | {
      readonly call: "equivocation";
      readonly order: Hex;
      readonly first: Signed<Attestation>;
      readonly second: Signed<Attestation>;
    };

/** Every read throws `chain-unreachable` when there is no answer. */
export interface CourtChain {
  domain(): Promise<CourtDomain>;
  /** Wei for one unit of gas. */
  gasPrice(): Promise<bigint>;
  /** The latest block's number. */
  block(): Promise<number>;
  /** Follows the contracts' events from a checkpoint on, or from now on; ends by `signal`. */
  changes(from: Checkpoint | undefined, signal: AbortSignal): AsyncIterable<ChainChange>;
  isDrawn(lease: Hex): Promise<boolean>;
  /** The lease's nodes; undefined when it was never opened. */
  committeeOf(lease: Hex): Promise<readonly NodeId[] | undefined>;
  stakeOf(node: NodeId): Promise<Shares>;
  /** Hash of the key that it has registered. */
  jurorKey(node: NodeId): Promise<Hex | undefined>;
  caseOf(order: Hex): Promise<CaseRecord | undefined>;
  drawOf(subject: Hex): Promise<DrawRecord | undefined>;
  /** In seat order, once the beacon is recorded. */
  juryOf(terms: LeaseTerms, order: JobOrder): Promise<readonly NodeId[]>;
  /** Sends the call, once for its key. @throws the contract's refusal, `gas-unfunded` */
  send(key: string, call: CourtCall): Promise<Hex>;
}
