// URLSearchParams, and the percent-encoding that it shares with URL.
import { utf8Decode, utf8Encode } from "./bytes.js";
import { define } from "./host.js";

const HEX = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`);

/** Percent-encodes every character that `mustEncode(codePoint)` names, as UTF-8. */
export function percentEncode(text, mustEncode) {
  let encoded = "";
  for (const character of text) {
    const code = character.codePointAt(0);
    if (code > 0x7e || mustEncode(code)) for (const byte of utf8Encode(character)) encoded += HEX[byte];
    else encoded += character;
  }
  return encoded;
}

/** Bytes of percent-encoded text; a percent sign without two hex digits stands for itself. */
export function percentDecode(text) {
  const bytes = utf8Encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const hex = bytes[at] === 0x25 ? text16(bytes[at + 1], bytes[at + 2]) : -1;
    bytes[length++] = hex === -1 ? bytes[at] : hex;
    if (hex !== -1) at += 2;
  }
  return bytes.subarray(0, length);
}

function text16(high, low) {
  const [a, b] = [hexDigit(high), hexDigit(low)];
  return a === -1 || b === -1 ? -1 : a * 16 + b;
}

function hexDigit(code) {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function formEncode(text) {
  if (/^[A-Za-z0-9*._-]*$/.test(text)) return text;
  return percentEncode(text.toWellFormed(), (code) => !/[A-Za-z0-9*._ -]/.test(String.fromCharCode(code))).replaceAll(
    " ",
    "+",
  );
}

function formDecode(text) {
  const spaced = text.replaceAll("+", " ");
  return spaced.includes("%") ? utf8Decode(percentDecode(spaced)) : spaced;
}

function parse(text) {
  return text
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals === -1
        ? [formDecode(part), ""]
        : [formDecode(part.slice(0, equals)), formDecode(part.slice(equals + 1))];
    });
}

function pairsOf(init) {
  if (typeof init !== "object" && typeof init !== "function") return parse(String(init).replace(/^\?/, ""));
  if (typeof init[Symbol.iterator] !== "function") return Object.keys(init).map((key) => [key, String(init[key])]);
  return Array.from(init, (pair) => {
    const parts = [...pair];
    if (parts.length !== 2) throw new TypeError("URLSearchParams takes pairs of name and value");
    return parts.map(String);
  });
}

export class URLSearchParams {
  #pairs = [];
  #changed = undefined;

  constructor(init) {
    if (init !== undefined && init !== null) this.#pairs = pairsOf(init);
  }

  /** Parameters of a URL: `changed(query)` is called after each change. */
  static linked(query, changed) {
    const parameters = new URLSearchParams(query);
    parameters.#changed = changed;
    return parameters;
  }

  #set(pairs) {
    this.#pairs = pairs;
    this.#changed?.(this.toString());
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    this.#set([...this.#pairs, [String(name), String(value)]]);
  }

  delete(name, value) {
    this.#set(this.#pairs.filter(([key, held]) => key !== String(name) || (value !== undefined && held !== value)));
  }

  get(name) {
    return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null;
  }

  getAll(name) {
    return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value);
  }

  has(name, value) {
    return this.#pairs.some(([key, held]) => key === String(name) && (value === undefined || held === value));
  }

  set(name, value) {
    const first = this.#pairs.findIndex(([key]) => key === String(name));
    const pair = [String(name), String(value)];
    if (first === -1) this.#set([...this.#pairs, pair]);
    else this.#set(this.#pairs.filter(([key], at) => key !== pair[0] || at === first).with(first, pair));
  }

  sort() {
    this.#set(this.#pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }

  forEach(callback, receiver) {
    for (const [name, value] of this) callback.call(receiver, value, name, this);
  }

  *entries() {
    for (const [name, value] of this.#pairs) yield [name, value];
  }

  *keys() {
    for (const [name] of this.#pairs) yield name;
  }

  *values() {
    for (const [, value] of this.#pairs) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return this.#pairs.map(([name, value]) => `${formEncode(name)}=${formEncode(value)}`).join("&");
  }

  get [Symbol.toStringTag]() {
    return "URLSearchParams";
  }
}

define("URLSearchParams", URLSearchParams);
