// The exchange in memory, with its rules for leases and settlement as far as a consumer meets them.
import type { Address, Hex } from "viem";
import type { Clock } from "#client/clock.ts";
import { unixSeconds } from "#client/clock.ts";
import type { ForcedOrder, Ledger, SentClearing, Settlement } from "#client/ledger.ts";
import { clearingBatchOf, decodeClearing } from "#protocol/clearing-batch.ts";
import { quorumCount } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Attestation, LeaseTerms, Voucher } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, verifySignature } from "#protocol/signing.ts";

export const DOMAIN = { chainId: 31_337, exchange: `0x${"e0".repeat(20)}` as Address };
export const GRACE_SECONDS = 30;

export interface FakeLease {
  remaining: bigint;
  expiry: number;
  open: boolean;
  paidPerNode: bigint;
  upTo: number;
  forced: number;
}

export interface FakeLedger extends Ledger {
  readonly owners: Map<Address, Address>;
  readonly leases: Map<Hex, FakeLease>;
  /** Nonces settled without a voucher, by lease. */
  readonly settled: Map<Hex, Set<number>>;
  /** Every settlement that was carried out. */
  readonly settlements: Map<Hex, Settlement>;
  /** What nodes were paid for without the consumer, by order. */
  readonly forcedOrders: Map<Hex, ForcedOrder>;
  balance: bigint;
}

export function fakeLedger(clock: Clock, balance = 10_000_000n): FakeLedger {
  const ledger: FakeLedger = {
    domain: DOMAIN,
    graceSeconds: GRACE_SECONDS,
    owners: new Map(),
    leases: new Map(),
    settled: new Map(),
    settlements: new Map(),
    forcedOrders: new Map(),
    balance,
    time: async () => unixSeconds(clock),
    ownerOf: async (node) => ledger.owners.get(node),
    balanceOf: async () => ledger.balance,
    leaseOf: async (lease) => {
      const state = ledger.leases.get(lease);
      return state && { ...state };
    },
    isSettled: async (lease, nonce) => ledger.settled.get(lease)?.has(nonce) ?? false,
    openLease: async (terms, lease, amount, expiry) => {
      if (lease !== leaseIdOf(terms)) throw new Error("The lease id is not of these terms");
      if (ledger.leases.has(lease)) return undefined;
      if (ledger.balance < amount) throw new ProtocolError("funds", "account-underfunded", "Too little.");
      ledger.balance -= amount;
      ledger.leases.set(lease, { remaining: amount, expiry, open: true, paidPerNode: 0n, upTo: 0, forced: 0 });
      return lease;
    },
    closeLease: async (_terms, lease) => {
      const state = ledger.leases.get(lease);
      if (!state?.open || unixSeconds(clock) <= state.expiry + GRACE_SECONDS) {
        throw new ProtocolError("rejected", "lease-not-closable", "Not yet.");
      }
      ledger.balance += state.remaining;
      ledger.leases.set(lease, { ...state, remaining: 0n, open: false });
      return lease;
    },
    settle: (...args) => settleOrder(ledger, clock, ...args),
    forced: async (_lease, orderId) =>
      ledger.forcedOrders.get(orderId) ?? Promise.reject(new Error("nobody forced it")),
    clear: (...args) => clearBatch(ledger, ...args),
  };
  return ledger;
}

async function settleOrder(
  ledger: FakeLedger,
  clock: Clock,
  ...[terms, order, attestations]: Parameters<Ledger["settle"]>
): Promise<Settlement> {
  const orderId = signingHash(DOMAIN, "JobOrder", order.message);
  const known = ledger.settlements.get(orderId);
  if (known) return known;
  await verifySignature(DOMAIN, "JobOrder", order, terms.sessionKey);
  const { deadline, quorumBps, maxPrice, nonce } = order.message;
  if (nonce <= (ledger.leases.get(order.message.lease)?.upTo ?? 0)) {
    throw new ProtocolError("rejected", "nonce-covered", "A cleared voucher covers it.");
  }
  const time = unixSeconds(clock);
  if (time <= deadline && attestations.length !== terms.nodes.length) {
    throw new ProtocolError("rejected", "attestations-missing", "Not everybody is here.");
  }
  if (time > deadline + GRACE_SECONDS) throw new ProtocolError("rejected", "order-expired", "Too late.");
  for (const attestation of attestations) {
    await verifySignature(DOMAIN, "Attestation", attestation, attestation.message.node);
  }
  const group = largestGroup(attestations.map(({ message }) => message));
  if (group.length < quorumCount(quorumBps, terms.nodes.length)) {
    throw new ProtocolError("rejected", "no-quorum", "Too few agree.");
  }
  const prices = group.map(({ price }) => price).sort((a, b) => (a < b ? -1 : 1));
  const median = prices[Math.floor((prices.length - 1) / 2)] ?? 0n;
  const payments = group.map(({ node, price }) => ({
    node,
    owner: ledger.owners.get(node) as Address,
    amount: [price, median, maxPrice].reduce((least, value) => (value < least ? value : least)),
  }));
  const lease = ledger.leases.get(order.message.lease);
  const total = payments.reduce((sum, { amount }) => sum + amount, 0n);
  if (!lease?.open || lease.remaining < total) throw new ProtocolError("funds", "lease-underfunded", "Too little.");
  lease.remaining -= total;
  lease.forced++;
  const settled = ledger.settled.get(order.message.lease) ?? new Set();
  ledger.settled.set(order.message.lease, settled.add(nonce));
  const settlement = { transaction: orderId, payments };
  ledger.settlements.set(orderId, settlement);
  return settlement;
}

async function clearBatch(ledger: FakeLedger, ...[batch, bytes]: Parameters<Ledger["clear"]>): Promise<SentClearing> {
  const clearing = decodeClearing(bytes);
  const message = clearingBatchOf(clearing);
  for (const [index, node] of clearing.nodes.entries()) {
    const signature = clearing.signatures[index] as Hex;
    await verifySignature(DOMAIN, "ClearingBatch", { message, signature }, node);
  }
  const closed: { lease: Hex; refund: bigint }[] = [];
  for (const { terms, voucher } of clearing.entries) {
    await verifySignature(DOMAIN, "Voucher", voucher, terms.sessionKey);
    const refund = clearLease(ledger, terms, voucher.message);
    if (refund !== undefined) closed.push({ lease: voucher.message.lease, refund });
  }
  return { transaction: batch, closed };
}

/** As the contract does: what went back when the lease closes with it, undefined otherwise or when it is skipped. */
function clearLease(ledger: FakeLedger, { nodes }: LeaseTerms, voucher: Voucher): bigint | undefined {
  const lease = ledger.leases.get(voucher.lease);
  const isStale = !lease || voucher.perNode < lease.paidPerNode || voucher.upTo < lease.upTo;
  if (isStale || !lease.open || voucher.forced !== lease.forced) return undefined;
  const total = (voucher.perNode - lease.paidPerNode) * BigInt(nodes.length);
  if (total > lease.remaining) return undefined;
  lease.remaining -= total;
  Object.assign(lease, { paidPerNode: voucher.perNode, upTo: voucher.upTo });
  if (!voucher.last) return undefined;
  const refund = lease.remaining;
  ledger.balance += refund;
  Object.assign(lease, { remaining: 0n, open: false });
  return refund;
}

function largestGroup(attestations: readonly Attestation[]): readonly Attestation[] {
  const groups = Map.groupBy(attestations, ({ resultHash }) => resultHash);
  return [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
}
