// Headers: lower-case names, sorted iteration, several values of one name joined by ", ".
import { define } from "./host.js";

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export class Headers {
  #pairs = [];

  constructor(init) {
    if (init === undefined || init === null) return;
    if (init instanceof Headers) this.#pairs = init.#pairs.slice();
    else if (typeof init[Symbol.iterator] === "function") {
      for (const pair of init) {
        const [name, value, ...rest] = pair;
        if (value === undefined || rest.length > 0) throw new TypeError("Headers takes pairs of name and value");
        this.append(name, value);
      }
    } else for (const name of Object.keys(init)) this.append(name, init[name]);
  }

  /** Pairs that the protocol has already put in lower case and order. */
  static fromCanonical(pairs) {
    const headers = new Headers();
    headers.#pairs = pairs;
    return headers;
  }

  /** Every pair as it was set, for sending; the protocol puts them in order. */
  static pairsOf(headers) {
    return headers.#pairs;
  }

  /** Sets a name and value that are known to be valid, unless the name is there already. */
  static setDefault(headers, name, value) {
    if (!headers.#pairs.some(([key]) => key === name)) headers.#pairs.push([name, value]);
  }

  append(name, value) {
    this.#pairs.push([validName(name), validValue(value)]);
  }

  delete(name) {
    const wanted = validName(name);
    this.#pairs = this.#pairs.filter(([key]) => key !== wanted);
  }

  get(name) {
    const wanted = validName(name);
    const values = this.#pairs.filter(([key]) => key === wanted);
    return values.length === 0 ? null : values.map(([, value]) => value).join(", ");
  }

  getSetCookie() {
    return this.#pairs.filter(([key]) => key === "set-cookie").map(([, value]) => value);
  }

  has(name) {
    const wanted = validName(name);
    return this.#pairs.some(([key]) => key === wanted);
  }

  set(name, value) {
    const wanted = validName(name);
    const text = validValue(value);
    const first = this.#pairs.findIndex(([key]) => key === wanted);
    if (first === -1) this.#pairs.push([wanted, text]);
    else this.#pairs = this.#pairs.filter(([key], at) => key !== wanted || at === first).with(first, [wanted, text]);
  }

  forEach(callback, receiver) {
    for (const [name, value] of this) callback.call(receiver, value, name, this);
  }

  *entries() {
    const names = [...new Set(this.#pairs.map(([name]) => name))].sort();
    for (const name of names) {
      if (name === "set-cookie") for (const cookie of this.getSetCookie()) yield [name, cookie];
      else yield [name, this.get(name)];
    }
  }

  *keys() {
    for (const [name] of this.entries()) yield name;
  }

  *values() {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get [Symbol.toStringTag]() {
    return "Headers";
  }
}

function validName(name) {
  const text = String(name);
  if (!NAME.test(text)) throw new TypeError(`"${text}" is not a header name`);
  return text.toLowerCase();
}

function validValue(value) {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\r\n]/.test(text)) throw new TypeError("A header value has no NUL, CR or LF");
  return text;
}

define("Headers", Headers);
