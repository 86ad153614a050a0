// From --input, --method, --url and --header to the requests of jobs: one for each input.
import { readFile, stat } from "node:fs/promises";
import { LIMITS } from "#protocol/limits.ts";
import type { RequestMessage } from "#protocol/message.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Io } from "../command/io.ts";

export interface RequestOptions {
  /** Paths; `-` is standard input. None gives one request without a body. */
  readonly inputs: readonly string[];
  readonly method: string | undefined;
  readonly url: string;
  /** `name: value` */
  readonly headers: readonly string[];
}

/** @throws `header-malformed`, `input-too-large`, `input-repeated` */
export async function readRequests(io: Io, options: RequestOptions): Promise<readonly RequestMessage[]> {
  const given = options.headers.map(parseHeader);
  const { url } = options;
  if (options.inputs.length === 0) {
    return [{ method: options.method ?? "GET", url, headers: given, body: new Uint8Array() }];
  }
  if (options.inputs.filter((path) => path === "-").length > 1) {
    throw new ProtocolError("invalid", "input-repeated", "Standard input can be read once only.", {
      hint: "Give --input - once.",
    });
  }
  const requests: RequestMessage[] = [];
  for (const path of options.inputs) {
    const body = path === "-" ? io.readInput() : await readInputFile(path);
    requireSize(path, body.length);
    const typed = given.some(([name]) => name === "content-type");
    const headers = typed ? given : [...given, ["content-type", contentTypeOf(path, body)] as const];
    requests.push({ method: options.method ?? "POST", url, headers, body });
  }
  return requests;
}

async function readInputFile(path: string): Promise<Uint8Array> {
  requireSize(path, (await stat(path)).size);
  return readFile(path);
}

function requireSize(path: string, size: number): void {
  if (size <= LIMITS.messageBodyBytes) return;
  const message = `Input ${path} has ${size} bytes, the limit is ${LIMITS.messageBodyBytes}.`;
  throw new ProtocolError("too-large", "input-too-large", message, {
    hint: "Split it and give --input several times.",
    context: { path, size, limit: LIMITS.messageBodyBytes },
  });
}

function parseHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  if (colon > 0) return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
  throw new ProtocolError("invalid", "header-malformed", `"${text.slice(0, 60)}" is not a header.`, {
    hint: "Give --header name:value.",
  });
}

/** By its name, or by its first character where it has none. */
function contentTypeOf(path: string, body: Uint8Array): string {
  const first = body[0] === undefined ? "" : String.fromCharCode(body[0]);
  if (path.endsWith(".json") || (path === "-" && (first === "{" || first === "["))) return "application/json";
  return /\.(txt|md|csv)$/.test(path) ? "text/plain; charset=utf-8" : "application/octet-stream";
}
