// A model of the exchange for one lease. It must refuse what the contract refuses.
import type { Voucher } from "#protocol/signed-messages.ts";
import { DEPOSIT, GRACE_SECONDS, LEASE_EXPIRY, type Order } from "./cast.ts";

/** What the contract does, without signatures: who may bring what is checked by those who sign. */
export class ExchangeModel {
  readonly deposit = DEPOSIT;
  funds = DEPOSIT;
  refunded = 0n;
  paidPerNode = 0n;
  upTo = 0;
  readonly settled = new Set<number>();
  closed = false;
  readonly earned: bigint[] = [0n, 0n, 0n];

  get forced(): number {
    return this.settled.size;
  }

  /** Every node has signed the clearing. Leaves everything as it is where the contract skips the entry. */
  clear(voucher: Voucher): void {
    const each = voucher.perNode - this.paidPerNode;
    if (this.closed || voucher.forced !== this.forced || each < 0n || voucher.upTo < this.upTo) return;
    if (each * 3n > this.funds) return;
    for (let node = 0; node < 3; node++) this.#pay(node, each);
    this.paidPerNode = voucher.perNode;
    this.upTo = voucher.upTo;
    if (voucher.last) this.#close();
  }

  /** Pays `agreeing` for the order, by their attestations. Leaves everything as it is where the contract refuses. */
  force({ nonce, price, deadline, forcibleUntil }: Order, agreeing: readonly number[], now: number): void {
    const late = now > forcibleUntil || (now <= deadline && agreeing.length < 3);
    if (this.closed || late || agreeing.length < 2 || nonce <= this.upTo || this.settled.has(nonce)) return;
    this.settled.add(nonce);
    for (const node of agreeing) this.#pay(node, price);
  }

  closeAfterGrace(now: number): void {
    if (!this.closed && now > LEASE_EXPIRY + GRACE_SECONDS) this.#close();
  }

  #pay(node: number, amount: bigint): void {
    this.funds -= amount;
    this.earned[node] = (this.earned[node] ?? 0n) + amount;
  }

  #close(): void {
    this.closed = true;
    this.refunded = this.funds;
    this.funds = 0n;
  }
}
