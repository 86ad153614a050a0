// The rows that an event changed, for those who listen.
import type { Address, Hex } from "viem";

export interface Touched {
  readonly nodes: readonly Address[];
  readonly leases: readonly Hex[];
  readonly jobs: readonly Hex[];
  /** Whether the profit share did, or what somebody holds of it. */
  readonly profitShare: boolean;
}

export const NOTHING: Touched = { nodes: [], leases: [], jobs: [], profitShare: false };
