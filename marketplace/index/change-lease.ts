// What happened to a lease, as a difference: written down, so that it can be taken back, and added to the lease's row.
import { eq } from "drizzle-orm";
import type { Hex } from "viem";
import type { UnixSeconds } from "#protocol/units.ts";
import type { Writer } from "../store/open-store.ts";
import { leaseChanges, leases } from "../store/schema.ts";
import { addLeaseChange, type LeaseSums } from "./sums.ts";
import { NOTHING, type Touched } from "./touched.ts";

/** Where an event stands on the chain. */
export interface Place {
  readonly block: number;
  readonly logIndex: number;
}

interface LeaseDifference extends Partial<LeaseSums> {
  readonly expiry?: UnixSeconds;
  readonly closes?: boolean;
}

const NO_DIFFERENCE: LeaseSums = { funded: 0n, spent: 0n, jobs: 0, paidPerNode: 0n, upTo: 0, claimed: 0 };

export function changeLease(writer: Writer, place: Place, lease: Hex, difference: LeaseDifference): Touched {
  const { expiry = null, closes = false, ...given } = difference;
  const sums = { ...NO_DIFFERENCE, ...given };
  writer
    .insert(leaseChanges)
    .values({ ...place, lease, ...sums, expiry, closes })
    .run();
  addLeaseChange(writer, lease, sums, 1);
  if (expiry !== null) writer.update(leases).set({ expiry }).where(eq(leases.lease, lease)).run();
  if (closes) writer.update(leases).set({ closed: true }).where(eq(leases.lease, lease)).run();
  return { ...NOTHING, leases: [lease] };
}
