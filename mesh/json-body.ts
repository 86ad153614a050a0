// Reads a stranger's JSON body within limits: bytes, nesting, and no text that two readers could read differently.
import type { Context } from "hono";
import type { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { parseWire } from "#protocol/wire.ts";
import { inTime } from "./in-time.ts";

/**
 * The request's JSON body by `schema`.
 * @throws `body-not-json`, `body-too-deep`, `body-too-large`, `body-too-slow`, `body-broken-off`, `message-refused`
 */
export async function readJsonBody<Value>(c: Context, schema: z.ZodType<Value, unknown>, what: string): Promise<Value> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new ProtocolError("invalid", "body-not-json", `The ${what} must be sent as application/json.`, {
      hint: "Set the header content-type: application/json.",
      context: { contentType: type?.slice(0, 80) ?? null },
    });
  }
  const text = await readText(c, what);
  requireShallow(text, what);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("invalid", "body-not-json", `The ${what} is not JSON.`, {
      hint: "Send valid JSON.",
      cause,
    });
  }
  return parseWire(schema, value, what);
}

async function readText(c: Context, what: string): Promise<string> {
  const bytes = await readBody(c, LIMITS.jsonBodyBytes, what);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProtocolError("invalid", "body-not-json", `The ${what} is not UTF-8.`, { hint: "Send UTF-8.", cause });
  }
}

/** The request's body as bytes, read no further than `limit`. @throws `body-too-large`, `body-too-slow`, `body-broken-off` */
export async function readBody(c: Context, limit: number, what: string): Promise<Uint8Array> {
  const declared = Number(c.req.header("content-length") ?? 0);
  if (declared > limit) throw tooLarge(what, declared, limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const { body } = c.req.raw;
  const late = (millis: number) => tooSlow(what, millis);
  const broken = (cause: unknown) => brokenOff(what, cause);
  const chunksInTime = body ? inTime(body, { millis: LIMITS.jsonBodySeconds * 1_000, late, broken }) : [];
  for await (const chunk of chunksInTime) {
    size += chunk.length;
    if (size > limit) throw tooLarge(what, size, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Counts brackets outside strings before parsing: a parser's own recursion is what deep nesting attacks. */
function requireShallow(text: string, what: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (inString) {
      if (char === "\\") index++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    if (depth > LIMITS.jsonDepth) {
      throw new ProtocolError("invalid", "body-too-deep", `The ${what} nests deeper than ${LIMITS.jsonDepth}.`, {
        hint: "Flatten it; no message of ours nests as deep.",
        context: { limit: LIMITS.jsonDepth },
      });
    }
  }
}

function tooLarge(what: string, size: number, limit: number): ProtocolError {
  return new ProtocolError(
    "too-large",
    "body-too-large",
    `The ${what} has ${size} bytes or more, the limit is ${limit}.`,
    {
      hint: "Send less.",
      context: { size, limit },
    },
  );
}

function tooSlow(what: string, millis: number): ProtocolError {
  return new ProtocolError("timeout", "body-too-slow", `The ${what} was not here after ${millis / 1_000} s.`, {
    hint: "Send it again over a faster path.",
    context: { limitMillis: millis },
  });
}

function brokenOff(what: string, cause: unknown): ProtocolError {
  return new ProtocolError("invalid", "body-broken-off", `The ${what} ended before its end.`, {
    hint: "Send it again.",
    retryable: true,
    cause,
  });
}
