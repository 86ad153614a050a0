// crypto and Math.random: digests by the host, randomness from the call's seed alone.
import { bufferOf, viewOf } from "./bytes.js";
import { DOMException } from "./dom-exception.js";
import { define, host } from "./host.js";

const DIGESTS = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const RANDOM_BYTES_MAX = 65_536;

class SubtleCrypto {
  async digest(algorithm, data) {
    const name = String(typeof algorithm === "object" ? algorithm.name : algorithm).toUpperCase();
    const index = DIGESTS.indexOf(name);
    if (index === -1) throw new DOMException(`There is no digest "${name}"`, "NotSupportedError");
    const view = viewOf(data);
    if (view === undefined) throw new TypeError("digest takes an ArrayBuffer or a view");
    return host.digest(index, bufferOf(view));
  }
}

class Crypto {
  subtle = new SubtleCrypto();

  getRandomValues(array) {
    const isInteger =
      ArrayBuffer.isView(array) && !(array instanceof DataView) && !/Float/.test(array.constructor.name);
    if (!isInteger) throw new TypeError("getRandomValues takes an array of integers");
    if (array.byteLength > RANDOM_BYTES_MAX) {
      throw new DOMException(`At most ${RANDOM_BYTES_MAX} random bytes at once`, "QuotaExceededError");
    }
    viewOf(array).set(new Uint8Array(host.random(array.byteLength)));
    return array;
  }

  randomUUID() {
    const bytes = new Uint8Array(host.random(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
}

/** State of xoshiro128**. While the source is loaded there is no seed yet: the sequence is then a fixed one. */
let state = new Uint32Array([0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef]);

/** Called when loading ends: the next draw takes its state from the call's seed. */
export function forgetRandomState() {
  state = undefined;
}

function nextUint32() {
  state ??= new Uint32Array(host.random(16));
  const product = Math.imul(state[1], 5);
  const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = (state[3] << 11) | (state[3] >>> 21);
  return result;
}

Object.defineProperty(Math, "random", {
  value: function random() {
    return ((nextUint32() >>> 5) * 67_108_864 + (nextUint32() >>> 6)) / 9_007_199_254_740_992;
  },
  writable: true,
  configurable: true,
  enumerable: false,
});

define("Crypto", Crypto);
define("crypto", new Crypto());
