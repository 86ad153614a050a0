// A lease's file as the protocol's ledger of a payer, and back. Pure: whoever changes the file holds its lock.
import { LIMITS } from "#protocol/limits.ts";
import {
  type LeaseReading,
  nextVoucher,
  noteChain,
  noteChecked,
  noteOrder,
  noteTime,
  noteUnsent,
  type PayerLedger,
} from "#protocol/payer-ledger.ts";
import type { Attestation, Signed, Voucher } from "#protocol/signed-messages.ts";
import type { Amount, LeaseId, NodeId, UnixSeconds } from "#protocol/units.ts";
import { toWire } from "#protocol/wire.ts";
import type { LeaseRecord } from "../store/lease-record.ts";
import type { PayerRecord, PayerWork } from "../store/payer-record.ts";

/** A lease whose orders are paid by vouchers. */
export type PayerLease = LeaseRecord & { readonly payer: PayerRecord };

export function paysByVoucher(record: LeaseRecord): record is PayerLease {
  return record.payer !== null;
}

export interface NewOrder {
  /** Name of the job. */
  readonly job: string;
  readonly maxPrice: Amount;
  readonly deadline: UnixSeconds;
  readonly graceSeconds: number;
}

/**
 * Gives the job the lease's next nonce. An earlier one of the same job never left this machine: a job's order is stored
 * with the job before it is sent, and a job that has one asks for no other.
 * @throws `lease-ended`, `ledger-full`
 */
export function withNewOrder(record: PayerLease, { job, maxPrice, deadline, graceSeconds }: NewOrder): PayerLease {
  const nonce = record.orders + 1;
  const unsent = record.payer.works.filter((work) => work.job === job && standingOf(record, work.nonce) === "open");
  const cleaned = unsent.reduce((ledger, work) => noteUnsent(ledger, work.nonce), ledgerOf(record));
  const ledger = noteOrder(cleaned, { nonce, maxPrice, forcibleUntil: deadline + graceSeconds });
  const work: PayerWork = { nonce, job, deadline, leaf: null, attestations: [] };
  const ordered = { ...record, orders: nonce, payer: { ...record.payer, works: [...record.payer.works, work] } };
  return withLedger(ordered, ledger);
}

export interface CheckedAnswer {
  readonly nonce: number;
  /** To each node. */
  readonly price: Amount;
  readonly leaf: PayerWork["leaf"];
  /** The whole committee's, all alike. */
  readonly attestations: readonly Signed<Attestation>[];
}

/** The answer is here and right; of one that was checked before nothing changes. @throws as noteChecked */
export function withAnswer(record: PayerLease, answer: CheckedAnswer): PayerLease {
  const { nonce, price, leaf, attestations } = answer;
  if (standingOf(record, nonce) === "checked") return record;
  const isAskedFor = attestations.some(({ message }) => message.price > price);
  const works = record.payer.works.map((work) =>
    work.nonce === nonce ? { ...work, leaf, attestations: isAskedFor ? [...attestations] : [] } : work,
  );
  const checked = { ...record, payer: { ...record.payer, works: withinOneSubmission(works) } };
  return withLedger(checked, noteChecked(ledgerOf(record), nonce, price));
}

/** What time and the exchange say. @throws `lease-reading-torn` */
export function withReading(record: PayerLease, reading: LeaseReading, now: UnixSeconds): PayerLease {
  return withLedger(record, noteChain(noteTime(ledgerOf(record), now), reading));
}

/** The lease as it is stored before its next voucher is signed; the same when there is nothing more to say. */
export function withNextVoucher(record: PayerLease, options: { readonly last?: boolean } = {}): PayerLease {
  const next = nextVoucher(ledgerOf(record), options);
  return next ? withLedger(record, next.ledger) : record;
}

/** The node has taken this voucher; of an older one that says nothing. */
export function withHolder(record: PayerLease, node: NodeId, voucher: Voucher): PayerLease {
  const { signed, holders } = record.payer;
  if (!signed || !isSame(signed, voucher) || holders.includes(node)) return record;
  return { ...record, payer: { ...record.payer, holders: [...holders, node] } };
}

export function standingOf(
  { payer }: PayerLease,
  nonce: number,
): PayerRecord["orders"][number]["standing"] | undefined {
  return payer.orders.find((order) => order.nonce === nonce)?.standing;
}

/** Whether a cleared voucher has paid for the order, or the signed one would. */
export function isCovered({ payer }: PayerLease, nonce: number): boolean {
  return nonce <= payer.cleared.upTo || nonce <= (payer.signed?.upTo ?? 0);
}

/** Nodes that have not taken the voucher that stands. */
export function lackingNodes({ payer, terms }: PayerLease): readonly NodeId[] {
  const { signed, cleared } = payer;
  if (!signed) return [];
  // A cleared one is behind everybody, whoever has it.
  const isCleared = !signed.last && signed.upTo <= cleared.upTo && signed.perNode <= cleared.perNode;
  return isCleared ? [] : terms.nodes.filter((node) => !payer.holders.includes(node));
}

/** What the node wants to see before it takes less than it asked. */
export function proofsFor({ payer }: PayerLease, node: NodeId): readonly Signed<Attestation>[] {
  const priceOf = new Map(payer.orders.map(({ nonce, price }) => [nonce, price]));
  const asksMore = ({ nonce, attestations }: PayerWork) =>
    attestations.some(({ message }) => message.node === node && message.price > (priceOf.get(nonce) ?? 0n));
  return payer.works.filter(asksMore).flatMap(({ attestations }) => attestations);
}

/** What each node may still get for orders that no cleared voucher covers, as nodes count it, base units. */
export function promisedPerNode({ payer }: PayerLease): Amount {
  const counts = payer.orders.filter(({ standing }) => standing === "open" || standing === "checked");
  return counts.reduce((sum, { maxPrice }) => sum + maxPrice, 0n);
}

export function isSame(a: Voucher, b: Voucher): boolean {
  return a.perNode === b.perNode && a.upTo === b.upTo && a.forced === b.forced && a.last === b.last;
}

function ledgerOf({ lease, orders, payer }: PayerLease): PayerLedger {
  const { orders: open, cleared, forced, signed } = payer;
  return { lease: lease as LeaseId, lastNonce: orders, orders: open, cleared, forced, signed: signed ?? undefined };
}

/** The same record when the ledger says nothing new. */
function withLedger(record: PayerLease, ledger: PayerLedger): PayerLease {
  const { orders, cleared, forced } = ledger;
  const signed = ledger.signed ?? null;
  const unpaid = new Set(orders.filter(({ standing }) => standing !== "forced").map(({ nonce }) => nonce));
  const before = record.payer;
  const isKept = signed !== null && before.signed !== null && isSame(signed, before.signed);
  const payer: PayerRecord = {
    orders: [...orders],
    cleared,
    forced,
    signed,
    works: before.works.filter(({ nonce }) => unpaid.has(nonce)),
    holders: isKept ? before.holders : [],
  };
  return toWire(payer) === toWire(before) ? record : { ...record, payer };
}

/** Proofs that no submission could carry are of no use; the youngest are those that nodes have not seen. */
function withinOneSubmission(works: readonly PayerWork[]): PayerWork[] {
  let room: number = LIMITS.voucherAttestations;
  const kept = works.toReversed().map((work) => {
    room -= work.attestations.length;
    return room >= 0 ? work : { ...work, attestations: [] };
  });
  return kept.toReversed();
}
