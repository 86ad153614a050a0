// One JavaScript lane for a test file, and calls to sources given as text.
import { decodeResponse, encodeRequest, type RequestMessage } from "#protocol/message.ts";
import type { Execution, Invocation } from "#runtime/execution.ts";
import { readEngine } from "#runtime/javascript/engine-pin.ts";
import { JavascriptEngine } from "#runtime/javascript/javascript-engine.ts";
import { JavascriptProgram } from "#runtime/javascript/javascript-program.ts";

export const engine = new JavascriptEngine(await readEngine());

export const LIMITS = { fuel: 3_000_000_000n, memoryPages: 512, responseBytes: 1_048_576 };

export interface CallOptions {
  readonly request?: Partial<Omit<RequestMessage, "body">> & { readonly body?: string | Uint8Array };
  readonly seed?: number;
  readonly virtualTimeMillis?: number;
  readonly limits?: Partial<Invocation["limits"]>;
}

export function program(source: string): JavascriptProgram {
  return new JavascriptProgram(engine, Buffer.from(source), LIMITS.memoryPages);
}

export function invocation({
  request = {},
  seed = 1,
  virtualTimeMillis = 0,
  limits = {},
}: CallOptions = {}): Invocation {
  const { method = "POST", url = "/", headers = [], body = "" } = request;
  return {
    request: encodeRequest({ method, url, headers, body: typeof body === "string" ? Buffer.from(body) : body }),
    virtualTimeMillis,
    seed: new Uint8Array(32).fill(seed),
    limits: { ...LIMITS, ...limits },
  };
}

/** Runs the body of a fetch handler; `request` is its parameter. */
export function run(body: string, options?: CallOptions): Execution {
  return program(`export default { async fetch(request) { ${body} } }`).run(invocation(options));
}

/** What the handler answered as JSON. */
export function answerOf(execution: Execution): unknown {
  if (execution.outcome !== "ok") throw new Error(`${execution.outcome}: ${execution.logs}`);
  return JSON.parse(textOf(execution));
}

export function textOf(execution: Execution): string {
  return Buffer.from(decodeResponse(execution.response).body).toString();
}

/** The value of an expression inside a handler, by way of JSON. */
export function evaluate(expression: string, options?: CallOptions): unknown {
  return answerOf(run(`return Response.json(await (${expression}));`, options));
}
