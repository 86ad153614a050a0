// One HTTP call to a peer, with a limit on its time and on the answer's size; a peer's problem becomes our error.
import { LIMITS } from "#protocol/limits.ts";
import { fromProblem, ProtocolError } from "#protocol/protocol-error.ts";
import { toWire } from "#protocol/wire.ts";

export interface HttpCall {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Base URL of the peer, without a trailing slash. */
  readonly base: string;
  readonly path: string;
  /** Bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMillis?: number;
  /** Longest answer that is read. */
  readonly answerBytesMax?: number;
}

/** Long enough for an honest peer under load; long polls ask for more. */
const TIMEOUT_MILLIS = 10_000;

/**
 * The peer's answer as bytes.
 * @throws the peer's own refusal, `peer-unreachable`, `peer-timeout`, `peer-answer-too-large`, `peer-answer-malformed`
 */
export async function callBytes(call: HttpCall): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(call.timeoutMillis ?? TIMEOUT_MILLIS);
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
  try {
    const response = await fetch(`${call.base}${call.path}`, { ...requestOf(call), signal, redirect: "error" });
    const bytes = await readLimited(response, call.answerBytesMax ?? LIMITS.answerBytes, call);
    if (!response.ok) throw refusalOf(call, response.status, bytes);
    return bytes;
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    if (call.signal?.aborted) throw call.signal.reason ?? error;
    throw timeout.aborted ? timedOut(call, error) : unreachable(call, error);
  }
}

/** The peer's answer as JSON, unchecked. @throws as callBytes */
export async function callJson(call: HttpCall): Promise<unknown> {
  const bytes = await callBytes(call);
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new ProtocolError(
      "unreachable",
      "peer-answer-malformed",
      `${call.base} answered something that is not JSON.`,
      {
        hint: "Check that the URL is that of a mimik program.",
        context: { url: `${call.base}${call.path}` },
        cause,
      },
    );
  }
}

function requestOf(call: HttpCall): RequestInit {
  const headers: Record<string, string> = { accept: "application/json, application/octet-stream" };
  if (call.token !== undefined) headers.authorization = `Bearer ${call.token}`;
  if (call.body === undefined) return { method: call.method, headers };
  if (call.body instanceof Uint8Array) {
    headers["content-type"] = "application/octet-stream";
    return { method: call.method, headers, body: call.body as Uint8Array<ArrayBuffer> };
  }
  headers["content-type"] = "application/json";
  return { method: call.method, headers, body: toWire(call.body) };
}

async function readLimited(response: Response, limit: number, call: HttpCall): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limit) {
      throw new ProtocolError("too-large", "peer-answer-too-large", `${call.base} answers more than ${limit} bytes.`, {
        hint: "Use another peer.",
        context: { limit, url: `${call.base}${call.path}` },
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function refusalOf(call: HttpCall, status: number, bytes: Uint8Array): ProtocolError {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    body = undefined;
  }
  return (
    fromProblem(body) ??
    new ProtocolError("unreachable", "peer-refused", `${call.base} answered with status ${status}.`, {
      hint: "Check that the URL is that of a mimik program.",
      context: { status, url: `${call.base}${call.path}` },
      retryable: status >= 500,
    })
  );
}

function timedOut(call: HttpCall, cause: unknown): ProtocolError {
  return new ProtocolError("timeout", "peer-timeout", `${call.base} did not answer in time.`, {
    hint: "Try again, or use another peer.",
    context: { url: `${call.base}${call.path}`, timeoutMillis: call.timeoutMillis ?? TIMEOUT_MILLIS },
    cause,
  });
}

function unreachable(call: HttpCall, cause: unknown): ProtocolError {
  return new ProtocolError("unreachable", "peer-unreachable", `Cannot reach ${call.base}.`, {
    hint: "Check that the program runs and that the URL is right.",
    context: { url: `${call.base}${call.path}` },
    cause,
  });
}
