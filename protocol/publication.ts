// Decides how the results of forced orders lie behind a call's arguments, where the contract does not look, and whether
// they are the attested ones. It never decides who publishes, and it takes nothing for true that the hashes do not say.
import { bytesToHex, concatBytes, type Hex, hexToBytes, numberToBytes, size, slice, stringToBytes } from "viem";
import { receiptsLeaf } from "./claim-work.ts";
import { digestOf } from "./digest.ts";
import { LIMITS } from "./limits.ts";
import { merkleTree } from "./merkle-tree.ts";
import { type Receipt, resultHash } from "./order.ts";
import { ProtocolError } from "./protocol-error.ts";
import { bytes32ToDigest, digestToBytes32 } from "./units.ts";
import { OUTCOMES, outcomeCode } from "./usage.ts";

/** Everything behind an order's result hash: who has it needs no node any more. */
export interface PublishedResult {
  readonly receipts: readonly Receipt[];
  /** Encoded, in the order of the receipts. */
  readonly responses: readonly Uint8Array[];
}

/** What a publication says of one order of its call; of one that is left out the hash alone. */
export type PublishedRow =
  | { readonly kind: "result"; readonly result: PublishedResult }
  | { readonly kind: "left-out"; readonly resultHash: Hex };

/** An order of a call that pays, with its result as far as whoever sends the call has it. */
export interface PublishableOrder {
  readonly resultHash: Hex;
  readonly result: PublishedResult | undefined;
}

/** What the chain says of the call that paid for an order. */
export type PaidOrders =
  | { readonly kind: "settled"; readonly resultHash: Hex }
  /** `orders` in the order of the call. */
  | { readonly kind: "claimed"; readonly orders: readonly Hex[]; readonly receiptsRoot: Hex };

const VERSION = 1;
const TAG = stringToBytes("mimikpub");
/** Number of rows, bytes of all rows, version, tag: at the very end, so that it is found whatever call stands before. */
const FOOTER_BYTES = 2 + 4 + 1 + TAG.length;
const ROW_KINDS = ["left-out", "result"] as const;
const LEFT_OUT_BYTES = 1 + 32;

/**
 * The rows of a call's orders, in their order: as many results as fit `bytesMax`, the smallest first, none of them above
 * its own limit. Undefined when nothing would be published.
 */
export function chooseRows(orders: readonly PublishableOrder[], bytesMax: number): readonly PublishedRow[] | undefined {
  let room = Math.min(bytesMax, LIMITS.publicationBytes) - FOOTER_BYTES - orders.length * LEFT_OUT_BYTES;
  const bySize = orders
    .flatMap(({ result }, index) => (result ? [{ index, result, bytes: resultBytes(result) }] : []))
    .filter(({ bytes }) => bytes <= LIMITS.publishedResultBytes)
    .toSorted((a, b) => a.bytes - b.bytes || a.index - b.index);
  const chosen = new Map<number, PublishedResult>();
  for (const { index, result, bytes } of bySize) {
    room -= bytes - LEFT_OUT_BYTES;
    if (room < 0) break;
    chosen.set(index, result);
  }
  if (chosen.size === 0) return undefined;
  return orders.map(({ resultHash }, index): PublishedRow => {
    const result = chosen.get(index);
    return result ? { kind: "result", result } : { kind: "left-out", resultHash };
  });
}

/** How many bytes the result's row has. */
export function resultBytes({ responses }: PublishedResult): number {
  return responses.reduce((sum, { length }) => sum + JOB_BYTES + length, 1 + 2);
}

/**
 * The bytes to put behind a call's arguments.
 * @throws `publication-malformed` for no rows, or responses that are not those of their receipts, `publication-too-large`
 */
export function encodePublication(rows: readonly PublishedRow[]): Hex {
  if (rows.length === 0) throw malformed("it has no rows");
  const body = concatBytes(rows.map(encodeRow));
  requireAtMost("publication", body.length + FOOTER_BYTES, LIMITS.publicationBytes);
  const footer = [uint(rows.length, 2), uint(body.length, 4), uint(VERSION, 1), TAG];
  return bytesToHex(concatBytes([body, ...footer]));
}

/**
 * What a transaction's calldata publishes; undefined when nothing. Whose hashes they have is not checked.
 * @throws `publication-malformed`, `publication-too-large`, `publication-version-unknown`
 */
export function decodePublication(calldata: Hex): readonly PublishedRow[] | undefined {
  const length = size(calldata);
  if (length < FOOTER_BYTES) return undefined;
  const footer = new Reader(hexToBytes(slice(calldata, length - FOOTER_BYTES)));
  const [rowCount, bodyBytes, version, tag] = [
    footer.uint(2),
    footer.uint(4),
    footer.uint(1),
    footer.bytes(TAG.length),
  ];
  if (!TAG.every((byte, index) => byte === tag[index])) return undefined;
  if (version !== VERSION) throw versionUnknown(version);
  requireAtMost("publication", bodyBytes + FOOTER_BYTES, LIMITS.publicationBytes);
  if (rowCount === 0) throw malformed("it has no rows");
  if (bodyBytes + FOOTER_BYTES > length) throw malformed("it is longer than the calldata");
  const end = length - FOOTER_BYTES;
  const body = new Reader(bodyBytes === 0 ? new Uint8Array() : hexToBytes(slice(calldata, end - bodyBytes, end)));
  const rows: PublishedRow[] = [];
  for (let index = 0; index < rowCount; index++) rows.push(readRow(body));
  if (body.left > 0) throw malformed(`${body.left} bytes are left behind its last row`);
  return rows;
}

/**
 * The order's result, when the rows are what the committee attested for the orders of the call.
 * @throws `publication-differs`, `result-left-out`
 */
export function publishedResultOf(rows: readonly PublishedRow[], order: Hex, paid: PaidOrders): PublishedResult {
  const hashes = rows.map((row) => (row.kind === "result" ? resultHash(row.result.receipts) : row.resultHash));
  if (!isAttested(hashes, paid)) throw differs(order);
  const row = rows[paid.kind === "settled" ? 0 : paid.orders.indexOf(order)];
  if (row === undefined) throw differs(order);
  if (row.kind === "result") return row.result;
  throw new ProtocolError("not-found", "result-left-out", `Of order ${order} only the result's hash is published.`, {
    hint: "Ask the nodes of its committee for it.",
    context: { order, resultHash: row.resultHash },
  });
}

function isAttested(hashes: readonly Hex[], paid: PaidOrders): boolean {
  if (paid.kind === "settled") return hashes.length === 1 && hashes[0] === paid.resultHash;
  if (hashes.length !== paid.orders.length) return false;
  return (
    merkleTree(hashes.map((hash, index) => receiptsLeaf(paid.orders[index] as Hex, hash))).root === paid.receiptsRoot
  );
}

/** Request, outcome, fuel, pages, bytes in, events, length of the response. */
const JOB_BYTES = 32 + 1 + 8 + 4 + 4 + 4 + 2;

function encodeRow(row: PublishedRow): Uint8Array {
  const kind = uint(ROW_KINDS.indexOf(row.kind), 1);
  if (row.kind === "left-out") return concatBytes([kind, hexToBytes(row.resultHash)]);
  const { receipts, responses } = row.result;
  requireJobs(receipts.length);
  requireAtMost("result", resultBytes(row.result), LIMITS.publishedResultBytes);
  if (responses.length !== receipts.length) throw malformed("it has not a response for each receipt");
  const jobs = receipts.map((receipt, index) => encodeJob(receipt, responses[index] as Uint8Array));
  return concatBytes([kind, uint(receipts.length, 2), ...jobs]);
}

/** The response's digest and length are left out: its bytes say both. */
function encodeJob({ request, outcome, response, usage }: Receipt, bytes: Uint8Array): Uint8Array {
  if (usage.bytesOut !== bytes.length || digestOf(bytes) !== response) throw malformed("a response is another one");
  return concatBytes([
    hexToBytes(digestToBytes32(request)),
    uint(outcomeCode(outcome), 1),
    uint(usage.fuel, 8),
    uint(usage.memoryPages, 4),
    uint(usage.bytesIn, 4),
    uint(usage.events, 4),
    uint(bytes.length, 2),
    bytes,
  ]);
}

function readRow(body: Reader): PublishedRow {
  const before = body.left;
  const kind = ROW_KINDS[body.uint(1)];
  if (kind === undefined) throw malformed("a row is of an unknown kind");
  if (kind === "left-out") return { kind, resultHash: bytesToHex(body.bytes(32)) };
  const count = body.uint(2);
  requireJobs(count);
  const receipts: Receipt[] = [];
  const responses: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const [receipt, response] = readJob(body);
    receipts.push(receipt);
    responses.push(response);
    requireAtMost("result", before - body.left, LIMITS.publishedResultBytes);
  }
  return { kind, result: { receipts, responses } };
}

function readJob(body: Reader): readonly [Receipt, Uint8Array] {
  const request = bytes32ToDigest(bytesToHex(body.bytes(32)));
  const outcome = OUTCOMES[body.uint(1)];
  if (outcome === undefined) throw malformed("a job ends in no known way");
  const fuel = BigInt(bytesToHex(body.bytes(8)));
  const [memoryPages, bytesIn, events] = [body.uint(4), body.uint(4), body.uint(4)];
  const response = body.bytes(body.uint(2));
  const usage = { fuel, memoryPages, bytesIn, bytesOut: response.length, events };
  return [{ request, outcome, response: digestOf(response), usage }, response];
}

/** Reads bytes from the first to the last, never past it. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw malformed(`it ends ${length - this.left} bytes too early`);
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** Of at most 4 bytes. */
  uint(length: number): number {
    return this.bytes(length).reduce((value, byte) => value * 256 + byte, 0);
  }
}

function uint(value: number | bigint, length: number): Uint8Array {
  return numberToBytes(value, { size: length });
}

function requireJobs(count: number): void {
  if (count === 0 || count > LIMITS.orderJobs) throw malformed(`a result is of ${count} jobs`);
}

function requireAtMost(what: "publication" | "result", bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new ProtocolError("too-large", "publication-too-large", `The ${what} has ${bytes} bytes, not ${limit}.`, {
    hint: "Leave the largest results out.",
    context: { bytes, limit },
  });
}

function malformed(what: string): ProtocolError {
  return new ProtocolError("invalid", "publication-malformed", `The publication is malformed: ${what}.`, {
    hint: "Take it for none.",
  });
}

function versionUnknown(version: number): ProtocolError {
  return new ProtocolError(
    "invalid",
    "publication-version-unknown",
    `Publications of version ${version} are unknown.`,
    {
      hint: "Use a newer release.",
      context: { version, known: VERSION },
    },
  );
}

function differs(order: Hex): ProtocolError {
  const message = `What is published beside order ${order} is not what its committee attested.`;
  return new ProtocolError("rejected", "publication-differs", message, {
    hint: "Take it for none, and ask the nodes of the committee.",
    context: { order },
  });
}
