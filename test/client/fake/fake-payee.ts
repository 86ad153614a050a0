// A fake node's hand for vouchers. Its rules are the protocol's own.
import type { Hex, LocalAccount } from "viem";
import { clearingBatchOf } from "#protocol/clearing-batch.ts";
import type {
  ClearingProposal,
  ClearingSignature,
  OrderSubmission,
  VoucherStanding,
  VoucherSubmission,
} from "#protocol/node-api.ts";
import {
  type LeaseFunds,
  type PayeeLedger,
  refuseToServe,
  refuseVoucher,
  unsignedWork,
} from "#protocol/payee-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Attestation, Signed, Voucher } from "#protocol/signed-messages.ts";
import { signingHash, signMessage, verifySignature } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { NodeId } from "#protocol/units.ts";
import { dueOf } from "#protocol/voucher-price.ts";
import type { Accepted } from "./fake-node.ts";

export interface PayeeExchange {
  readonly graceSeconds: number;
  leaseOf(lease: Hex): Promise<Omit<LeaseFunds, "committee"> | undefined>;
  isSettled(lease: Hex, nonce: number): Promise<boolean>;
}

export interface PayeeParts {
  readonly key: LocalAccount;
  readonly domain: ExchangeDomain;
  readonly exchange: PayeeExchange | undefined;
  readonly now: () => number;
}

export class FakePayee {
  readonly #parts: PayeeParts;
  readonly #node: NodeId;
  /** What it serves in one lease before it wants a voucher. */
  credit = 10n ** 12n;
  readonly held = new Map<Hex, Voucher>();
  /** Every voucher that was shown to it, taken or not. */
  readonly shown: Voucher[] = [];

  constructor(parts: PayeeParts) {
    this.#parts = parts;
    this.#node = parts.key.address.toLowerCase() as NodeId;
  }

  /** @throws `voucher-missing`, `lease-ended`, `nonce-used` */
  async requireCredit({ lease: terms, order }: OrderSubmission, orders: ReadonlyMap<Hex, Accepted>): Promise<void> {
    const { lease, nonce } = order.message;
    const ledger = await this.#ledgerOf(lease, terms.nodes.length, orders, []);
    const refused = ledger && refuseToServe(ledger, nonce, this.credit);
    if (refused) throw refused;
  }

  async take(submission: VoucherSubmission, orders: ReadonlyMap<Hex, Accepted>): Promise<VoucherStanding> {
    const { lease: terms, voucher, attestations } = submission;
    const { lease } = voucher.message;
    this.shown.push(voucher.message);
    await verifySignature(this.#parts.domain, "Voucher", voucher, terms.sessionKey);
    const ledger = await this.#ledgerOf(lease, terms.nodes.length, orders, attestations);
    if (!ledger) throw new ProtocolError("funds", "lease-not-live", "It is not open.");
    const refused = refuseVoucher(ledger, voucher.message);
    if (refused) throw refused;
    this.held.set(lease, voucher.message);
    return { lease, held: voucher, unsigned: unsignedWork({ ...ledger, held: voucher.message }), clearBy: null };
  }

  async coSign(proposal: ClearingProposal): Promise<ClearingSignature> {
    const { key, domain } = this.#parts;
    for (const { voucher } of proposal.entries) {
      const held = this.held.get(voucher.message.lease);
      const same = held?.perNode === voucher.message.perNode && held.last === voucher.message.last;
      if (!same) throw new ProtocolError("conflict", "voucher-not-held", "It holds another one.");
    }
    const message = clearingBatchOf(proposal);
    const { signature } = await signMessage(key, domain, "ClearingBatch", message);
    return { node: this.#node, batch: signingHash(domain, "ClearingBatch", message), signature };
  }

  async #ledgerOf(
    lease: Hex,
    committee: number,
    accepted: ReadonlyMap<Hex, Accepted>,
    shown: readonly Signed<Attestation>[],
  ): Promise<PayeeLedger | undefined> {
    const { exchange, now } = this.#parts;
    const chain = await exchange?.leaseOf(lease);
    if (!exchange || !chain) return undefined;
    const byOrder = Map.groupBy(shown, ({ message }) => message.order);
    const orders: PayeeLedger["orders"][number][] = [];
    for (const [id, { submission, opened }] of accepted) {
      const { lease: of, nonce, deadline, maxPrice } = submission.order.message;
      const forcibleUntil = deadline + exchange.graceSeconds;
      if (of !== lease || nonce <= chain.upTo || forcibleUntil < now()) continue;
      const price = opened?.attestation?.message.price;
      const prices = byOrder.get(id)?.map(({ message }) => message.price) ?? [];
      if (await exchange.isSettled(lease, nonce)) orders.push({ nonce, standing: "forced", due: 0n, forcibleUntil });
      else if (price === undefined) orders.push({ nonce, standing: "open", due: 0n, forcibleUntil });
      else {
        const due = dueOf(price, prices.length === committee ? prices : [], maxPrice);
        orders.push({ nonce, standing: "served", due, forcibleUntil });
      }
    }
    return { orders, held: this.held.get(lease), chain: { ...chain, committee } };
  }
}
