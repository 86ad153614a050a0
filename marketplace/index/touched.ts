// The rows that an event changed, for those who listen.
import type { Address, Hex } from "viem";

export interface Touched {
  readonly nodes: readonly Address[];
  readonly leases: readonly Hex[];
  readonly jobs: readonly Hex[];
}

export const NOTHING: Touched = { nodes: [], leases: [], jobs: [] };
