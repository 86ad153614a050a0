// The functions that the prelude calls on the host. Each checks what it gets as if a stranger had sent it, because one
// has: guest code can reach them too.

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { LIMITS } from "#protocol/limits.ts";
import type { CallState } from "./call-state.ts";
import { HOST_PRICES, type HostFunctionName } from "./host-price.ts";
import type { Quickjs, Value } from "./quickjs.ts";

/** One call of a host function while it runs. */
interface HostCall {
  readonly quickjs: Quickjs;
  readonly state: CallState;
  /** The argument's address; undefined where the guest gave fewer. */
  argument(index: number): Value | undefined;
  /** Charges `bytes` at the function's price. @throws out of fuel */
  readonly charge: (bytes: number) => void;
}

/** Gives the result's address, 0 for undefined. A thrown Refusal becomes the guest's exception. */
type HostFunction = (call: HostCall) => Value;

class Refusal extends Error {}

const DIGESTS = ["sha1", "sha256", "sha384", "sha512"] as const;
/** No answer may be so large. */
const BYTES_MAX = LIMITS.messageBodyBytes * 4;
const RANDOM_BYTES_MAX = 65_536;

const HOST_FUNCTIONS: Readonly<Record<HostFunctionName, HostFunction>> = {
  log(call) {
    call.state.log(chargedStart(call, 0, LIMITS.jobLogBytes));
    return 0;
  },
  respond(call) {
    // A head that is cut is no JSON any more, and one so long is too long anyway.
    const head = chargedStart(call, 0, LIMITS.messageHeadBytes + 1);
    const content = call.argument(1) ?? missing();
    const body = call.quickjs.isString(content) ? chargedText(call, 1) : chargedBuffer(call, 1);
    call.state.respond(head, body);
    return 0;
  },
  requestText(call) {
    call.charge(call.state.requestBody.length);
    return call.quickjs.newText(call.state.requestBody);
  },
  requestBytes(call) {
    call.charge(call.state.requestBody.length);
    return call.quickjs.newBuffer(call.state.requestBody);
  },
  fail(call) {
    call.state.fail(chargedStart(call, 0, LIMITS.jobLogBytes));
    return 0;
  },
  utf8Encode(call) {
    return call.quickjs.newBuffer(chargedText(call, 0));
  },
  utf8Decode(call) {
    const bytes = chargedBuffer(call, 0);
    const isFatal = call.quickjs.readNumber(call.argument(1) ?? missing()) !== 0;
    return isFatal && !isUtf8(bytes) ? 0 : call.quickjs.newText(bytes);
  },
  digest(call) {
    const algorithm = DIGESTS[call.quickjs.readNumber(call.argument(0) ?? missing())];
    if (algorithm === undefined) throw new Refusal("There is no such digest");
    const bytes = chargedBuffer(call, 1);
    call.state.countEvent();
    return call.quickjs.newBuffer(createHash(algorithm).update(bytes).digest());
  },
  random(call) {
    const length = call.quickjs.readNumber(call.argument(0) ?? missing());
    if (!(Number.isInteger(length) && length >= 0 && length <= RANDOM_BYTES_MAX)) {
      throw new Refusal(`Random bytes come by 0 to ${RANDOM_BYTES_MAX} at once`);
    }
    call.charge(length);
    const bytes = call.state.random(length);
    if (bytes === undefined) throw new Refusal("There is no randomness before the first request");
    call.state.countEvent();
    return call.quickjs.newBuffer(bytes);
  },
  install(call) {
    call.state.install(
      call.quickjs.duplicate(call.argument(0) ?? missing()),
      call.quickjs.duplicate(call.argument(1) ?? missing()),
    );
    return 0;
  },
};

/** Position plus one is the id under which the engine calls: it keeps 0 for itself. */
export const HOST_FUNCTION_NAMES = Object.keys(HOST_FUNCTIONS) as readonly HostFunctionName[];

/** Answers the engine's call of host function `id` with `count` arguments at `list`. */
export function callHostFunction(
  quickjs: Quickjs,
  state: CallState,
  charge: (fuel: number) => void,
  { id, count, list }: { readonly id: number; readonly count: number; readonly list: number },
): Value {
  const name = HOST_FUNCTION_NAMES[id - 1];
  if (name === undefined) return quickjs.throwError("There is no such host function");
  const price = HOST_PRICES[name];
  charge(price.call);
  try {
    return HOST_FUNCTIONS[name]({
      quickjs,
      state,
      argument: (index) => (index < count ? quickjs.argument(list, index) : undefined),
      charge: (bytes) => charge(bytes * price.byte),
    });
  } catch (error) {
    if (error instanceof Refusal) return quickjs.throwError(error.message);
    throw error;
  }
}

/** A whole text, charged by its length. */
function chargedText(call: HostCall, index: number): Uint8Array<ArrayBuffer> {
  return readCharged(call, index, (value) =>
    call.quickjs.readText(value, BYTES_MAX, (bytes) => {
      if (bytes > BYTES_MAX) throw new Refusal("The text is too long");
      call.charge(bytes);
    }),
  );
}

/** The first `bytesMax` of a text, charged by its whole length. */
function chargedStart(call: HostCall, index: number, bytesMax: number): string {
  const text = readCharged(call, index, (value) => call.quickjs.readText(value, bytesMax, call.charge));
  // What the engine gives is UTF-8.
  return Buffer.from(text.buffer, text.byteOffset, text.length).toString();
}

/** A whole buffer, charged by its length. */
function chargedBuffer(call: HostCall, index: number): Uint8Array<ArrayBuffer> {
  return readCharged(call, index, (value) => call.quickjs.readBuffer(value, call.charge));
}

function readCharged(call: HostCall, index: number, read: (value: Value) => Uint8Array<ArrayBuffer> | undefined) {
  const bytes = read(call.argument(index) ?? missing());
  if (bytes === undefined) throw new Refusal("That can be neither read as text nor as a buffer");
  return bytes;
}

function missing(): never {
  throw new Refusal("An argument is missing");
}
