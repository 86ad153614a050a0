// The exchange in memory, with its rules for leases and settlement as far as a consumer meets them.
import type { Address, Hex } from "viem";
import type { Clock } from "#client/clock.ts";
import { unixSeconds } from "#client/clock.ts";
import type { Ledger, Settlement } from "#client/ledger.ts";
import { quorumCount } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Attestation } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, verifySignature } from "#protocol/signing.ts";

export const DOMAIN = { chainId: 31_337, exchange: `0x${"e0".repeat(20)}` as Address };
const GRACE_SECONDS = 30;

export interface FakeLedger extends Ledger {
  readonly owners: Map<Address, Address>;
  readonly leases: Map<Hex, { remaining: bigint; expiry: number; open: boolean }>;
  /** Every settlement that was carried out. */
  readonly settlements: Map<Hex, Settlement>;
  balance: bigint;
}

export function fakeLedger(clock: Clock, balance = 10_000_000n): FakeLedger {
  const ledger: FakeLedger = {
    domain: DOMAIN,
    graceSeconds: GRACE_SECONDS,
    owners: new Map(),
    leases: new Map(),
    settlements: new Map(),
    balance,
    time: async () => unixSeconds(clock),
    ownerOf: async (node) => ledger.owners.get(node),
    balanceOf: async () => ledger.balance,
    leaseOf: async (lease) => ledger.leases.get(lease),
    openLease: async (terms, lease, amount, expiry) => {
      if (lease !== leaseIdOf(terms)) throw new Error("The lease id is not of these terms");
      if (ledger.leases.has(lease)) return undefined;
      if (ledger.balance < amount) throw new ProtocolError("funds", "account-underfunded", "Too little.");
      ledger.balance -= amount;
      ledger.leases.set(lease, { remaining: amount, expiry, open: true });
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
    settle: async (terms, order, attestations) => {
      const orderId = signingHash(DOMAIN, "JobOrder", order.message);
      const known = ledger.settlements.get(orderId);
      if (known) return known;
      await verifySignature(DOMAIN, "JobOrder", order, terms.sessionKey);
      const { deadline, quorumBps, maxPrice } = order.message;
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
      const settlement = { transaction: orderId, payments };
      ledger.settlements.set(orderId, settlement);
      return settlement;
    },
  };
  return ledger;
}

function largestGroup(attestations: readonly Attestation[]): readonly Attestation[] {
  const groups = Map.groupBy(attestations, ({ resultHash }) => resultHash);
  return [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
}
