// Who signed what: the one thing that nobody can make up.
import type { Claim, Voucher } from "#protocol/signed-messages.ts";
import type { Attestation, Order } from "./cast.ts";

export interface Clearing {
  readonly entries: readonly { readonly lease: number; readonly voucher: Voucher }[];
  readonly validUntil: number;
}

export interface ClaimTerms extends Pick<Claim, "receiptsRoot" | "perNode"> {
  readonly lease: number;
  /** By nonce. */
  readonly orders: readonly Order[];
}

export const sessionOf = (lease: number) => `session ${lease}`;
export const nodeOf = (node: number) => `node ${node}`;
export const jurorOf = (seat: number) => `juror ${seat}`;

/** Messages never change, and each is looked at often. */
function once<Message extends object>(tell: (message: Message) => string): (message: Message) => string {
  const told = new WeakMap<Message, string>();
  return (message) => {
    const known = told.get(message);
    if (known !== undefined) return known;
    const text = tell(message);
    told.set(message, text);
    return text;
  };
}

const voucherText = once(({ lease, perNode, upTo, forced, last }: Voucher) => {
  return `voucher ${lease} ${perNode} up to ${upTo}, forced ${forced}${last ? ", last" : ""}`;
});

export const textOf = {
  order: once(({ id, ...terms }: Order) => `order ${id} ${Object.values(terms).join()}`),
  attestation: once((a: Attestation) => `attestation ${a.order} ${a.node} ${a.resultHash} ${a.price}`),
  voucher: voucherText,
  clearing: once(({ entries, validUntil }: Clearing) => {
    return `clearing ${validUntil} ${entries.map(({ voucher }) => voucherText(voucher)).join(";")}`;
  }),
  claim: once(({ lease, orders, receiptsRoot, perNode }: ClaimTerms) => {
    return `claim ${[lease, receiptsRoot, perNode, ...orders.map(({ id }) => id)].join()}`;
  }),
  verdict: ({ id }: Pick<Order, "id">, resultHash: string) => `verdict ${id} ${resultHash}`,
};

export class Signatures {
  readonly #signed = new Map<string, Set<string>>();

  sign(signer: string, text: string): void {
    const known = this.#signed.get(signer);
    if (known) known.add(text);
    else this.#signed.set(signer, new Set([text]));
  }

  isBy(signer: string, text: string): boolean {
    return this.#signed.get(signer)?.has(text) === true;
  }
}
