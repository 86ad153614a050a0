// Decides the one byte form of a request and of a response, so that every node hashes and charges for the same bytes.
// It never interprets a body or a header.
import { LIMITS } from "./limits.ts";
import { ProtocolError } from "./protocol-error.ts";

export type Headers = readonly (readonly [name: string, value: string])[];

export interface RequestMessage {
  /** Upper-case token, such as "POST". */
  readonly method: string;
  /** Absolute path with query, such as "/audit?full=1". */
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface ResponseMessage {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const METHOD_PATTERN = /^[A-Z]{1,16}$/;
const HEADER_NAME_PATTERN = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,128}$/;
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `u32le head length, head, body`. The head is the JSON array `[method, url, headers]`; header names are lower case,
 * headers sorted by name, several of one name in the caller's order.
 * @throws `message-malformed`, `message-too-large`
 */
export function encodeRequest(request: RequestMessage): Uint8Array {
  return frame("request", requestHead(request.method, request.url, request.headers), request.body);
}

/** The head is the JSON array `[status, headers]`. @throws `message-malformed`, `message-too-large` */
export function encodeResponse(response: ResponseMessage): Uint8Array {
  return frame("response", responseHead(response.status, response.headers), response.body);
}

/** Accepts only the exact bytes that `encodeRequest` makes. @throws `message-malformed`, `message-too-large` */
export function decodeRequest(bytes: Uint8Array): RequestMessage {
  const { text, head, body } = unframe("request", bytes);
  const [method, url, headers] = head;
  if (head.length !== 3 || typeof method !== "string" || typeof url !== "string" || !isHeaders(headers)) {
    throw malformed("request", "head is not [method, url, headers]");
  }
  if (requestHead(method, url, headers) !== text) throw malformed("request", "not in canonical form");
  return { method, url, headers, body };
}

/** Accepts only the exact bytes that `encodeResponse` makes. @throws `message-malformed`, `message-too-large` */
export function decodeResponse(bytes: Uint8Array): ResponseMessage {
  const { text, head, body } = unframe("response", bytes);
  const [status, headers] = head;
  if (head.length !== 2 || typeof status !== "number" || !isHeaders(headers)) {
    throw malformed("response", "head is not [status, headers]");
  }
  if (responseHead(status, headers) !== text) throw malformed("response", "not in canonical form");
  return { status, headers, body };
}

function requestHead(anyMethod: string, url: string, headers: Headers): string {
  const method = anyMethod.toUpperCase();
  if (!METHOD_PATTERN.test(method)) throw malformed("request", `method "${anyMethod.slice(0, 20)}"`);
  if (!url.startsWith("/") || !isWellFormed(url)) throw malformed("request", "url must start with /");
  return JSON.stringify([method, url, canonicalHeaders("request", headers)]);
}

function responseHead(status: number, headers: Headers): string {
  if (!isStatus(status)) throw malformed("response", `status ${status}`);
  return JSON.stringify([status, canonicalHeaders("response", headers)]);
}

/** The last head that was encoded: most responses have the head of the one before. */
let lastHead = { text: "", bytes: new Uint8Array() };

function frame(kind: string, text: string, body: Uint8Array): Uint8Array {
  if (lastHead.text !== text) lastHead = { text, bytes: utf8.encode(text) };
  const headBytes = lastHead.bytes;
  if (headBytes.length > LIMITS.messageHeadBytes)
    throw tooLarge(kind, "head", headBytes.length, LIMITS.messageHeadBytes);
  if (body.length > LIMITS.messageBodyBytes) throw tooLarge(kind, "body", body.length, LIMITS.messageBodyBytes);
  const bytes = new Uint8Array(4 + headBytes.length + body.length);
  new DataView(bytes.buffer).setUint32(0, headBytes.length, true);
  bytes.set(headBytes, 4);
  bytes.set(body, 4 + headBytes.length);
  return bytes;
}

/** The head's text tells as much as its bytes: well-formed UTF-8 has one form for each text. */
function unframe(kind: string, bytes: Uint8Array): { text: string; head: unknown[]; body: Uint8Array } {
  if (bytes.length < 4) throw malformed(kind, "shorter than its length prefix");
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (headLength > LIMITS.messageHeadBytes) throw tooLarge(kind, "head", headLength, LIMITS.messageHeadBytes);
  if (bytes.length < 4 + headLength) throw malformed(kind, "truncated head");
  let text: string;
  let head: unknown;
  try {
    text = strictUtf8.decode(bytes.subarray(4, 4 + headLength));
    head = JSON.parse(text);
  } catch (cause) {
    throw malformed(kind, "head is not JSON", cause);
  }
  if (!Array.isArray(head)) throw malformed(kind, "head is not an array");
  const body = bytes.subarray(4 + headLength);
  if (body.length > LIMITS.messageBodyBytes) throw tooLarge(kind, "body", body.length, LIMITS.messageBodyBytes);
  return { text, head, body };
}

function canonicalHeaders(kind: string, headers: Headers): Headers {
  if (headers.length > LIMITS.messageHeaders) throw tooLarge(kind, "headers", headers.length, LIMITS.messageHeaders);
  const lowered = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of lowered) {
    if (!HEADER_NAME_PATTERN.test(name)) throw malformed(kind, `header name "${name.slice(0, 40)}"`);
    if (/[\0\r\n]/.test(value) || !isWellFormed(value)) throw malformed(kind, `value of header ${name}`);
  }
  return lowered.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function isHeaders(value: unknown): value is Headers {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string"))
  );
}

/** A lone surrogate has no UTF-8 form, so two different strings would share one hash. */
function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599;
}

function malformed(kind: string, what: string, cause?: unknown): ProtocolError {
  return new ProtocolError("invalid", "message-malformed", `Malformed ${kind}: ${what}.`, {
    hint: "Encode it with encodeRequest or encodeResponse of the protocol.",
    cause,
  });
}

function tooLarge(kind: string, part: string, size: number, limit: number): ProtocolError {
  return new ProtocolError(
    "too-large",
    "message-too-large",
    `The ${kind}'s ${part} is ${size}, the limit is ${limit}.`,
    {
      hint: "Split the work into several jobs.",
      context: { size, limit },
    },
  );
}
