// Decides the JSON form of every message between programs and refuses whatever does not fit: one schema for each, shared
// by servers, clients and the OpenAPI documents. It never checks signatures, balances or the clock.

import type { Address, Hex } from "viem";
import { z } from "zod";
import type { BlsKey, BlsSignature } from "./bls.ts";
import { ISOLATION_CLASSES } from "./isolation.ts";
import { LIMITS } from "./limits.ts";
import { compareNodes, type JobSpec, type Receipt } from "./order.ts";
import { ProtocolError } from "./protocol-error.ts";
import type * as messages from "./signed-messages.ts";
import type { Digest, LeaseId } from "./units.ts";
import { OUTCOMES, type Rates, type Usage } from "./usage.ts";

const UINT16_MAX = 2 ** 16 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const UINT40_MAX = 2 ** 40 - 1;

/** A decimal string for what does not fit a JSON number; canonical, so `007` and `+7` are refused. */
function decimal(bits: number) {
  return z
    .string()
    .max(Math.ceil(bits * Math.LOG10E * Math.LN2) + 1)
    .regex(/^(?:0|[1-9][0-9]*)$/, "must be a whole number in decimal digits")
    .transform(BigInt)
    .refine((value) => value < 1n << BigInt(bits), `must fit ${bits} bits`);
}

function uint(max: number) {
  return z.number().int().min(0).max(max);
}

/** Lower-cased, so that one address has one text. */
export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hex digits")
  .transform((text) => text.toLowerCase() as Address);
export const bytes32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "must be 0x and 64 lower-case hex digits")
  .transform((text) => text as Hex);
export const leaseId = bytes32.transform((text) => text as LeaseId);
export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 lower-case hex digits")
  .transform((text) => text as Digest);
export const signature = z
  .string()
  .regex(/^0x(?:[0-9a-f]{128}|[0-9a-f]{130})$/, "must be 64 or 65 bytes in lower-case hex")
  .transform((text) => text as Hex);
export const blsKey = z
  .string()
  .regex(/^0x[0-9a-f]{256}$/, "must be 128 bytes in lower-case hex")
  .transform((text) => text as BlsKey);
export const blsSignature = z
  .string()
  .regex(/^0x[0-9a-f]{512}$/, "must be 256 bytes in lower-case hex")
  .transform((text) => text as BlsSignature);
export const amount = decimal(96);
/** All shares of the profit share together: a million to each base unit. */
export const shares = decimal(128);
export const unixSeconds = uint(UINT40_MAX);

/** Printable, no control or bidirectional characters: such text is shown to people. */
function label(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces");
}
export const scope = label(64);
const endpoint = label(256).refine(isHttpUrl, "must be an http or https URL without credentials, query or fragment");

export const rates: z.ZodType<Rates, unknown> = z.strictObject({
  job: amount,
  fuel: amount,
  memory: amount,
  bytes: amount,
  events: amount,
});

export const usage: z.ZodType<Usage, unknown> = z.strictObject({
  fuel: decimal(64),
  memoryPages: uint(UINT32_MAX),
  bytesIn: uint(Number.MAX_SAFE_INTEGER),
  bytesOut: uint(Number.MAX_SAFE_INTEGER),
  events: uint(UINT32_MAX),
});

export const offer: z.ZodType<messages.Offer, unknown> = z.strictObject({
  node: address,
  owner: address,
  endpoint,
  runtime: label(64),
  isolation: z.enum(ISOLATION_CLASSES),
  scopes: z.array(scope).max(LIMITS.offerScopes),
  slots: uint(1_024),
  memoryPages: uint(LIMITS.jobMemoryPages),
  rates,
  sequence: decimal(64),
  validFrom: unixSeconds,
  validUntil: unixSeconds,
});

export const bid: z.ZodType<messages.Bid, unknown> = z.strictObject({
  consumer: address,
  image: bytes32,
  runtime: label(64),
  isolation: z.enum(ISOLATION_CLASSES),
  scope,
  replicas: uint(LIMITS.committeeNodes).min(1),
  quorumBps: uint(10_000).min(5_001),
  memoryPages: uint(LIMITS.jobMemoryPages),
  fuel: decimal(64),
  maxRates: rates,
  budget: amount,
  deadlineSeconds: uint(LIMITS.orderSecondsMax).min(LIMITS.orderSecondsMin),
  salt: bytes32,
  validFrom: unixSeconds,
  validUntil: unixSeconds,
});

export const cancellation: z.ZodType<messages.Cancellation, unknown> = z.strictObject({
  statement: bytes32,
  signer: address,
});

export const leaseTerms: z.ZodType<messages.LeaseTerms, unknown> = z.strictObject({
  consumer: address,
  sessionKey: address,
  salt: bytes32,
  nodes: z
    .array(address)
    .min(1)
    .max(LIMITS.committeeNodes)
    .refine(isAscending, "must be strictly ascending, each node once"),
});

export const jobOrder: z.ZodType<messages.JobOrder, unknown> = z.strictObject({
  lease: bytes32,
  nonce: uint(UINT32_MAX),
  jobs: bytes32,
  maxPrice: amount,
  forceFee: amount,
  quorumBps: uint(10_000).min(5_001),
  deadline: unixSeconds,
});

export const commitment: z.ZodType<messages.Commitment, unknown> = z.strictObject({
  order: bytes32,
  node: address,
  seal: bytes32,
});

export const attestation: z.ZodType<messages.Attestation, unknown> = z.strictObject({
  order: bytes32,
  node: address,
  resultHash: bytes32,
  price: amount,
  commits: bytes32,
});

export const openLease: z.ZodType<messages.OpenLease, unknown> = z.strictObject({
  lease: leaseTerms,
  amount,
  expiry: unixSeconds,
  validUntil: unixSeconds,
});

export const voucher: z.ZodType<messages.Voucher, unknown> = z.strictObject({
  lease: leaseId,
  perNode: decimal(64),
  upTo: uint(UINT32_MAX),
  forced: uint(UINT16_MAX),
  last: z.boolean(),
});

export const clearingBatch: z.ZodType<messages.ClearingBatch, unknown> = z.strictObject({
  entries: bytes32,
  receiptsRoot: bytes32,
  validUntil: unixSeconds,
});

export const claim: z.ZodType<messages.Claim, unknown> = z.strictObject({
  lease: leaseId,
  orders: bytes32,
  receiptsRoot: bytes32,
  perNode: amount,
});

export const jobSpec: z.ZodType<JobSpec, unknown> = z.strictObject({
  image: digest,
  request: digest,
  virtualTimeMillis: uint(Number.MAX_SAFE_INTEGER),
  seed: bytes32,
  fuel: decimal(64).refine((fuel) => fuel <= LIMITS.jobFuel, `must be at most ${LIMITS.jobFuel}`),
  memoryPages: uint(LIMITS.jobMemoryPages).min(1),
  responseBytes: uint(LIMITS.messageBodyBytes).min(1),
});

export const receipt: z.ZodType<Receipt, unknown> = z.strictObject({
  request: digest,
  outcome: z.enum(OUTCOMES),
  response: digest,
  usage,
});

/** A whole number in a URL's query. */
export function queryInteger(max: number): z.ZodType<number, unknown> {
  return z
    .string()
    .regex(/^[0-9]{1,16}$/, "must be a whole number")
    .transform(Number)
    .refine((value) => value <= max, `must be at most ${max}`);
}

/** A message and its signature. */
export function signed<Message>(message: z.ZodType<Message, unknown>): z.ZodType<messages.Signed<Message>, unknown> {
  return z.strictObject({ message, signature });
}

/**
 * Reads `value` by `schema`.
 * @throws `message-refused` naming the first field that does not fit and why.
 */
export function parseWire<Value>(schema: z.ZodType<Value, unknown>, value: unknown, what: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  throw new ProtocolError(
    "invalid",
    "message-refused",
    `The ${what} is refused at ${path || "its root"}: ${issue?.message}.`,
    {
      hint: "Correct that field; the OpenAPI document of the API has its form.",
      context: { field: path },
    },
  );
}

/** JSON text of a message: bigints as decimal strings, as `parseWire` reads them. */
export function toWire(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field));
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return plain && (url.protocol === "http:" || url.protocol === "https:");
}

function isAscending(nodes: readonly Address[]): boolean {
  return nodes.every((node, index) => {
    const previous = nodes[index - 1];
    return previous === undefined || compareNodes(previous, node) < 0;
  });
}
