// A network that loses, delays, repeats and reorders what it carries.
import type { Voucher } from "#protocol/signed-messages.ts";
import type { Attestation, Cast, Order, Random } from "./cast.ts";

export type Message =
  | { readonly kind: "order"; readonly order: Order }
  | { readonly kind: "commitment"; readonly from: number; readonly order: Order }
  | { readonly kind: "answer"; readonly order: Order; readonly attestation: Attestation }
  /** Whose commitments the consumer shows. */
  | { readonly kind: "commitments"; readonly order: Order; readonly nodes: readonly number[] }
  /** With attestations of whole committees. */
  | {
      readonly kind: "voucher";
      readonly lease: number;
      readonly voucher: Voucher;
      readonly shown: readonly Attestation[];
    };

interface Letter {
  readonly to: string;
  readonly message: Message;
}

export class UnreliableNetwork {
  readonly #random: Random;
  readonly #cast: Cast;
  #waiting: (Letter & { readonly at: number })[] = [];

  constructor(random: Random, cast: Cast) {
    this.#random = random;
    this.#cast = cast;
  }

  send(to: string, message: Message, now: number): void {
    if (this.isLost()) return;
    const copies = this.#random() * 100 < this.#cast.doubledPercent ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#waiting.push({ to, at: now + Math.floor(this.#random() * 4), message });
    }
  }

  isLost(): boolean {
    return this.#random() * 100 < this.#cast.lostPercent;
  }

  /** What arrives now, in no order. */
  arrivals(now: number): readonly Letter[] {
    const due = this.#waiting.filter(({ at }) => at <= now);
    this.#waiting = this.#waiting.filter(({ at }) => at > now);
    return due
      .map((each) => ({ each, key: this.#random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ each }) => each);
  }
}
