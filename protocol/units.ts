// Decides the types of identities and quantities, so that a digest cannot be passed for a lease or seconds for an
// amount. It never converts between currencies or reads a clock.
import type { Address, Hex } from "viem";
import { ProtocolError } from "./protocol-error.ts";

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** `sha256:` and 64 lower-case hex digits: the name of a blob, an image manifest, a request or a response. */
export type Digest = Branded<`sha256:${string}`, "Digest">;
/** EIP-712 hash of a lease's terms; names the lease on chain. */
export type LeaseId = Branded<Hex, "LeaseId">;
/** EIP-712 signing hash of an order. */
export type OrderId = Branded<Hex, "OrderId">;
/** EIP-712 signing hash of an offer. */
export type OfferId = Branded<Hex, "OfferId">;
/** EIP-712 signing hash of a bid. */
export type BidId = Branded<Hex, "BidId">;
/** Address of a node's secp256k1 attestation key; names the node everywhere. */
export type NodeId = Address;
/** Payment token base units; the token has 6 decimals, so 1_000_000n is one token. */
export type Amount = bigint;
/** Shares of the profit share, in its smallest unit: six decimals more than the token's. */
export type Shares = bigint;
/** Seconds since the Unix epoch, as blocks carry them. */
export type UnixSeconds = number;

export const TOKEN_DECIMALS = 6;
export const SHARE_DECIMALS = 12;
/** Bytes in one WebAssembly memory page. */
export const PAGE_BYTES = 65_536;

const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;
const BYTES32_PATTERN = /^0x[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return DIGEST_PATTERN.test(text);
}

/** @throws `digest-malformed` */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new ProtocolError("invalid", "digest-malformed", `"${text.slice(0, 80)}" is not a digest.`, {
    hint: "Give a digest as sha256: followed by 64 lower-case hex digits.",
  });
}

/** The digest's 32 bytes as signed messages and the contract carry them. */
export function digestToBytes32(digest: Digest): Hex {
  return `0x${digest.slice("sha256:".length)}`;
}

/** @throws `digest-malformed` */
export function bytes32ToDigest(bytes32: Hex): Digest {
  if (!BYTES32_PATTERN.test(bytes32)) return parseDigest(bytes32);
  return `sha256:${bytes32.slice(2)}` as Digest;
}

const AMOUNT_PATTERN = /^(\d{1,20})(?:\.(\d{1,6}))?$/;

/**
 * Reads a person's amount of tokens, such as "1.25", into base units.
 * @throws `amount-malformed`
 */
export function parseAmount(text: string): Amount {
  const match = AMOUNT_PATTERN.exec(text.trim());
  if (!match) {
    throw new ProtocolError("invalid", "amount-malformed", `"${text.slice(0, 40)}" is not an amount of tokens.`, {
      hint: `Give a plain number with at most ${TOKEN_DECIMALS} decimals, such as 1.25.`,
    });
  }
  const [, whole = "0", fraction = ""] = match;
  return BigInt(whole) * 10n ** BigInt(TOKEN_DECIMALS) + BigInt(fraction.padEnd(TOKEN_DECIMALS, "0"));
}

const SHARES_PATTERN = /^(\d{1,20})(?:\.(\d{1,12}))?$/;

/**
 * Reads a person's number of shares, such as "1.25", into the smallest unit.
 * @throws `shares-malformed`
 */
export function parseShares(text: string): Shares {
  const match = SHARES_PATTERN.exec(text.trim());
  if (!match) {
    throw new ProtocolError("invalid", "shares-malformed", `"${text.slice(0, 40)}" is not a number of shares.`, {
      hint: `Give a plain number with at most ${SHARE_DECIMALS} decimals, such as 1.25.`,
    });
  }
  const [, whole = "0", fraction = ""] = match;
  return BigInt(whole) * 10n ** BigInt(SHARE_DECIMALS) + BigInt(fraction.padEnd(SHARE_DECIMALS, "0"));
}

/** Base units as a person reads them: "1.25". */
export function formatAmount(amount: Amount): string {
  return formatDecimals(amount, TOKEN_DECIMALS);
}

/** Shares as a person reads them: "1.25". */
export function formatShares(shares: Shares): string {
  return formatDecimals(shares, SHARE_DECIMALS);
}

function formatDecimals(value: bigint, decimals: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  return `${sign}${digits.slice(0, -decimals)}${fraction && `.${fraction}`}`;
}
