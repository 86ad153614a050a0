// Brings a lease's file up to what time and the exchange say of it.
import type { LeaseReading } from "#protocol/payer-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { LeaseRecord } from "../store/lease-record.ts";
import { type PayerLease, paysByVoucher, withReading } from "./payer-account.ts";

type ReadingWorld = Pick<ClientWorld, "ledger" | "store" | "clock">;

/** The lease's file, of which its caller knows that it pays by vouchers. @throws `lease-unknown`, `lease-without-ledger` */
export async function payerLease({ store }: Pick<ClientWorld, "store">, lease: string): Promise<PayerLease> {
  return requirePayer(await store.lease(lease));
}

/** Changes the file of such a lease. @throws as `ClientStore.changeLease`, `lease-without-ledger` */
export async function changePayer(
  { store }: Pick<ClientWorld, "store">,
  lease: string,
  change: (record: PayerLease) => PayerLease,
): Promise<PayerLease> {
  return requirePayer(await store.changeLease(lease, (record) => change(requirePayer(record))));
}

/**
 * Reads the lease from the exchange until no order is settled in between, and stores what `then` makes of it: in one
 * write, so that nobody sees a voucher gone before the next one is there.
 * @throws what `then` throws, `lease-reading-torn` when the lease changes faster than it can be read, `chain-unreachable`
 */
export async function readPayer(
  world: ReadingWorld,
  lease: string,
  then: (record: PayerLease) => PayerLease = (record) => record,
): Promise<PayerLease> {
  for (let tries = 1; ; tries++) {
    const record = await payerLease(world, lease);
    const reading = await readingOf(world, record);
    if (!reading) return record;
    const now = Math.max(unixSeconds(world.clock), await world.ledger.time()) - CLIENT_LIMITS.chainLagSeconds;
    try {
      return await changePayer(world, lease, (latest) => then(withReading(latest, reading, now)));
    } catch (error) {
      const torn = error instanceof ProtocolError && error.code === "lease-reading-torn";
      if (!torn || tries >= CLIENT_LIMITS.leaseReadings) throw error;
    }
  }
}

/** Which orders are settled is asked only when their number is another than is known, and after it. */
async function readingOf({ ledger }: ReadingWorld, { lease, payer }: PayerLease): Promise<LeaseReading | undefined> {
  const standing = await ledger.leaseOf(lease);
  if (!standing) return undefined;
  const { paidPerNode, upTo, forced } = standing;
  if (forced === payer.forced) return { paidPerNode, upTo, forced, settled: [] };
  const asked = payer.orders.filter((order) => order.standing !== "forced");
  const settled: number[] = [];
  for (let from = 0; from < asked.length; from += CLIENT_LIMITS.settlementLookups) {
    const some = asked.slice(from, from + CLIENT_LIMITS.settlementLookups);
    const answers = await Promise.all(some.map(({ nonce }) => ledger.isSettled(lease, nonce)));
    settled.push(...some.filter((_, index) => answers[index]).map(({ nonce }) => nonce));
  }
  return { paidPerNode, upTo, forced, settled };
}

function requirePayer(record: LeaseRecord): PayerLease {
  if (paysByVoucher(record)) return record;
  throw new ProtocolError("conflict", "lease-without-ledger", `Lease ${record.lease} pays order by order.`, {
    hint: "Rent a new lease with mimik rent to pay by vouchers.",
    context: { lease: record.lease },
  });
}
