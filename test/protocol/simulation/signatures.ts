// Who signed what: the one thing that nobody can make up. It also watches what honest parties sign.
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

export const textOf = {
  order: ({ id, ...terms }: Order) => `order ${id} ${Object.values(terms).join()}`,
  attestation: (a: Attestation) => `attestation ${a.order} ${a.node} ${a.resultHash} ${a.price}`,
  voucher: (v: Voucher) => `voucher ${[v.lease, v.perNode, v.upTo, v.forced, v.last].join()}`,
  clearing: ({ entries, validUntil }: Clearing): string =>
    `clearing ${validUntil} ${entries.map(({ voucher }) => textOf.voucher(voucher)).join(";")}`,
  claim: ({ lease, orders, receiptsRoot, perNode }: ClaimTerms) =>
    `claim ${[lease, receiptsRoot, perNode, ...orders.map(({ id }) => id)].join()}`,
};

export class Signatures {
  readonly #signed = new Set<string>();

  sign(signer: string, text: string): void {
    this.#signed.add(`${signer}: ${text}`);
  }

  isBy(signer: string, text: string): boolean {
    return this.#signed.has(`${signer}: ${text}`);
  }
}
