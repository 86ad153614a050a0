// What a consumer needs of the chain to have a committee drawn.
import type { Hex } from "viem";
import type { DrawRecord } from "#chain/read-draw.ts";
import type { CommitteeTerms } from "#protocol/committee-subject.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import type { Amount, NodeId } from "#protocol/units.ts";

export interface DrawLedger {
  /** Number of the latest block. */
  block(): Promise<number>;
  /** Undefined when nobody asked for it. */
  drawOf(subject: Hex): Promise<DrawRecord | undefined>;
  /** What asking for a draw takes from the consumer's account, base units. */
  price(): Promise<Amount>;
  /**
   * Idempotent, and pays the price. `missed` is the beacon that nobody recorded in time, when the draw is asked for again.
   * @throws `account-underfunded`
   */
  request(subject: Hex, missed?: number): Promise<void>;
  /** Idempotent; nothing while the block is not there. @throws `header-not-provable` when it is too new or too old */
  record(beaconBlock: number): Promise<void>;
  /** Strictly ascending. @throws `too-few-owners`, `beacon-not-recorded` */
  committeeOf(committee: CommitteeTerms): Promise<readonly NodeId[]>;
  /** Idempotent. @throws `committee-not-drawn` */
  prove(terms: LeaseTerms, lease: Hex): Promise<Hex>;
}
