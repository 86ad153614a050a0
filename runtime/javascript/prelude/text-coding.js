// TextEncoder, and TextDecoder for UTF-8.
import { bufferOf, utf8Encode, viewOf } from "./bytes.js";
import { define, host } from "./host.js";

class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return utf8Encode(String(text));
  }

  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const character of String(text)) {
      const bytes = utf8Encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      read += character.length;
      written += bytes.length;
    }
    return { read, written };
  }
}

const LABELS = ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"];

class TextDecoder {
  #fatal;
  #ignoreBOM;
  #pending = new Uint8Array(0);
  #started = false;

  constructor(label = "utf-8", options = {}) {
    if (!LABELS.includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`TextDecoder knows UTF-8 only, not "${label}"`);
    }
    this.#fatal = Boolean(options.fatal);
    this.#ignoreBOM = Boolean(options.ignoreBOM);
  }

  get encoding() {
    return "utf-8";
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input, options = {}) {
    const view = input === undefined ? new Uint8Array(0) : viewOf(input);
    if (view === undefined) throw new TypeError("TextDecoder.decode takes an ArrayBuffer or a view");
    const bytes = this.#pending.length === 0 ? view : concatenate(this.#pending, view);
    const held = options.stream ? incompleteTail(bytes) : 0;
    const whole = bytes.length - held;
    let text = host.utf8Decode(bufferOf(bytes.subarray(0, whole)), this.#fatal);
    if (text === undefined) throw new TypeError("The bytes are not UTF-8");
    if (!this.#started && text !== "") {
      this.#started = true;
      if (!this.#ignoreBOM && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    this.#pending = bytes.slice(whole);
    if (!options.stream) this.#started = false;
    return text;
  }
}

function concatenate(first, second) {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** How many bytes at the end begin a character that has not arrived whole: 0 to 3. */
function incompleteTail(bytes) {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte >= 0xf0) return back < 4 ? back : 0;
    if (byte >= 0xe0) return back < 3 ? back : 0;
    if (byte >= 0xc0) return back < 2 ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

define("TextEncoder", TextEncoder);
define("TextDecoder", TextDecoder);
