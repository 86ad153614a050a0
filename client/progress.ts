// What a caller can be told while its jobs are under way.
import type { Address, Hex } from "viem";
import type { CheckWay } from "#protocol/answer-check.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Usage } from "#protocol/usage.ts";
import type { Fault } from "./check/fault.ts";
import type { VoucherRefusal } from "./store/job-record.ts";

export type JobProgress =
  | { readonly step: "quoting"; readonly jobs: number }
  | { readonly step: "quoted"; readonly usage: Usage }
  /** What a wanted confidence came to. */
  | { readonly step: "assured"; readonly replicas: number; readonly reached: number; readonly spotCheck: boolean }
  | { readonly step: "matched"; readonly committee: readonly { node: NodeId; owner: Address }[]; readonly cost: Amount }
  /** From here on the job is stored and can be resumed by its name. */
  | { readonly step: "planned"; readonly name: string }
  /** The committee is drawn with the randomness of `beaconBlock`; `block` is the latest. */
  | { readonly step: "drawing"; readonly beaconBlock: number; readonly block: number }
  | { readonly step: "leased"; readonly lease: Hex; readonly amount: Amount }
  | { readonly step: "ordered"; readonly order: Hex; readonly deadline: UnixSeconds }
  | { readonly step: "committed"; readonly node: NodeId }
  | { readonly step: "attested"; readonly node: NodeId }
  | { readonly step: "fault"; readonly fault: Fault }
  /** The nodes have attested; now some of the order's jobs are checked, before anybody is paid. */
  | { readonly step: "checking"; readonly by: CheckWay; readonly jobs: number; readonly of: number }
  /** Nobody else could give the answer. */
  | { readonly step: "checking-alone"; readonly reason: string }
  | { readonly step: "checked"; readonly jobs: number }
  | { readonly step: "agreed"; readonly nodes: readonly NodeId[] }
  | { readonly step: "waiting"; readonly until: UnixSeconds; readonly reason: string }
  | { readonly step: "rerun"; readonly banned: readonly NodeId[] }
  /** Every node has the voucher that pays it `amount` for the order. */
  | { readonly step: "voucher"; readonly lease: Hex; readonly nonce: number; readonly amount: Amount }
  /** The order is settled on chain instead. */
  | { readonly step: "voucher-refused"; readonly refusal: VoucherRefusal }
  /** The nodes forced their payment, and the answer is read from that transaction. */
  | { readonly step: "published"; readonly transaction: Hex }
  | { readonly step: "settled"; readonly transaction: Hex };

export type OnProgress = (progress: JobProgress) => void;
