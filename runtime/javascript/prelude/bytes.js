// Between text and bytes: UTF-8 and base64, and the bytes of anything that a body may be made of.
import { DOMException } from "./dom-exception.js";
import { define, host } from "./host.js";

/** UTF-8 bytes of a string; a lone surrogate becomes U+FFFD. */
export function utf8Encode(text) {
  return new Uint8Array(host.utf8Encode(text));
}

/** Text of UTF-8 bytes; an invalid sequence becomes U+FFFD, a byte order mark is kept. */
export function utf8Decode(bytes) {
  return host.utf8Decode(bufferOf(bytes), false);
}

/** A view of the same memory, or undefined where the value is no ArrayBuffer and no view. */
export function viewOf(value) {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}

/** The buffer of exactly these bytes: the host is always given a whole one. */
export function bufferOf(view) {
  return view.byteLength === view.buffer.byteLength ? view.buffer : view.slice().buffer;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Int8Array(128).fill(-1);
for (let index = 0; index < 64; index++) VALUES[ALPHABET.charCodeAt(index)] = index;

function btoa(data) {
  const text = String(data);
  const parts = [];
  for (let at = 0; at < text.length; at += 3) {
    const [a, b, c] = [text.charCodeAt(at), text.charCodeAt(at + 1) || 0, text.charCodeAt(at + 2) || 0];
    if (a > 255 || b > 255 || c > 255) {
      throw new DOMException("btoa takes characters up to U+00FF only", "InvalidCharacterError");
    }
    const bits = (a << 16) | (b << 8) | c;
    parts.push(
      ALPHABET[bits >> 18] +
        ALPHABET[(bits >> 12) & 63] +
        (at + 1 < text.length ? ALPHABET[(bits >> 6) & 63] : "=") +
        (at + 2 < text.length ? ALPHABET[bits & 63] : "="),
    );
  }
  return parts.join("");
}

function atob(data) {
  let text = String(data).replace(/[\t\n\f\r ]+/g, "");
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, "");
  const invalid = () => new DOMException("The text is not base64", "InvalidCharacterError");
  if (text.length % 4 === 1) throw invalid();
  const parts = [];
  let bits = 0;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const value = VALUES[text.charCodeAt(at)] ?? -1;
    if (value < 0) throw invalid();
    bits = ((bits << 6) | value) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      parts.push(String.fromCharCode((bits >> count) & 255));
    }
  }
  return parts.join("");
}

define("btoa", btoa);
define("atob", atob);
