// A network that loses, delays, repeats and reorders what it carries.
import type { Voucher } from "#protocol/signed-messages.ts";
import type { Cast, Order, Random } from "./cast.ts";

export type Message =
  | { readonly kind: "order"; readonly order: Order }
  | { readonly kind: "commitment" | "answer"; readonly from: number; readonly nonce: number; readonly lie: boolean }
  | { readonly kind: "commitments"; readonly nonce: number }
  | { readonly kind: "voucher"; readonly voucher: Voucher };

/** Beside the nodes, which have their numbers. */
export const CONSUMER = 3;

/** Carries messages, badly. */
export class UnreliableNetwork {
  readonly #random: Random;
  readonly #cast: Cast;
  #waiting: { readonly to: number; readonly at: number; readonly message: Message }[] = [];

  constructor(random: Random, cast: Cast) {
    this.#random = random;
    this.#cast = cast;
  }

  send(to: number, message: Message, now: number): void {
    if (this.#random() * 100 < this.#cast.lostPercent) return;
    const copies = this.#random() * 100 < this.#cast.doubledPercent ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#waiting.push({ to, at: now + Math.floor(this.#random() * 4), message });
    }
  }

  /** What arrives now, in no order. */
  arrivals(now: number): readonly { readonly to: number; readonly message: Message }[] {
    const due = this.#waiting.filter(({ at }) => at <= now);
    this.#waiting = this.#waiting.filter(({ at }) => at > now);
    return due
      .map((each) => ({ each, key: this.#random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ each }) => each);
  }
}
