// The URL class.
import { define } from "./host.js";
import { parseHost } from "./url-host.js";
import {
  encodeFragment,
  encodeQuery,
  encodeUserinfo,
  isSpecial,
  parsePort,
  parseUrl,
  serialisePath,
  serialiseUrl,
  setPathAndQuery,
} from "./url-parse.js";
import { URLSearchParams } from "./url-search-params.js";

/** Runs a setter: what cannot be parsed leaves the URL as it was, as the standard says. */
function attempt(change) {
  try {
    change();
  } catch {}
}

export class URL {
  #record;
  #parameters = undefined;

  constructor(url, base) {
    this.#record = parseUrl(String(url), base === undefined ? undefined : parseUrl(String(base)));
  }

  static canParse(url, base) {
    return URL.parse(url, base) !== null;
  }

  static parse(url, base) {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }

  get #hasNoUser() {
    return this.#record.host === null || this.#record.host === "" || this.#record.scheme === "file:";
  }

  get href() {
    return serialiseUrl(this.#record);
  }

  set href(value) {
    this.#record = parseUrl(String(value));
    this.#parameters = undefined;
  }

  get origin() {
    const { scheme } = this.#record;
    return isSpecial(scheme) && scheme !== "file:" ? `${scheme}//${this.host}` : "null";
  }

  get protocol() {
    return this.#record.scheme;
  }

  set protocol(value) {
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*)(?::|$)/.exec(String(value))?.[1].toLowerCase();
    if (scheme === undefined || isSpecial(`${scheme}:`) !== isSpecial(this.#record.scheme)) return;
    this.#record.scheme = `${scheme}:`;
    if (this.#record.port !== null) this.#record.port = parsePort(String(this.#record.port), this.#record.scheme);
  }

  get username() {
    return this.#record.username;
  }

  set username(value) {
    if (!this.#hasNoUser) this.#record.username = encodeUserinfo(String(value));
  }

  get password() {
    return this.#record.password;
  }

  set password(value) {
    if (!this.#hasNoUser) this.#record.password = encodeUserinfo(String(value));
  }

  get host() {
    const { host, port } = this.#record;
    return port === null ? (host ?? "") : `${host}:${port}`;
  }

  set host(value) {
    const [, name, port] = /^(\[[^\]]*\]|[^:/?#\\]*)(?::(\d*))?/.exec(String(value));
    this.hostname = name;
    if (port) this.port = port;
  }

  get hostname() {
    return this.#record.host ?? "";
  }

  set hostname(value) {
    if (typeof this.#record.path === "string") return;
    const text = String(value);
    if (text === "" && isSpecial(this.#record.scheme)) return;
    attempt(() => {
      this.#record.host = parseHost(text, isSpecial(this.#record.scheme));
    });
  }

  get port() {
    return this.#record.port === null ? "" : String(this.#record.port);
  }

  set port(value) {
    if (this.#hasNoUser) return;
    const digits = /^\d*/.exec(String(value))[0];
    attempt(() => {
      if (value === "") this.#record.port = null;
      else if (digits !== "") this.#record.port = parsePort(digits, this.#record.scheme);
    });
  }

  get pathname() {
    return serialisePath(this.#record);
  }

  set pathname(value) {
    if (typeof this.#record.path === "string") return;
    const path = String(value).replaceAll("?", "%3F").replaceAll("#", "%23");
    const { query } = this.#record;
    this.#record = setPathAndQuery({ ...this.#record, path: [] }, path);
    this.#record.query = query;
  }

  get search() {
    return this.#record.query ? `?${this.#record.query}` : "";
  }

  set search(value) {
    const text = String(value).replace(/^\?/, "");
    this.#record.query = text === "" ? null : encodeQuery(text, this.#record.scheme);
    this.#parameters = undefined;
  }

  get searchParams() {
    this.#parameters ??= URLSearchParams.linked(this.#record.query ?? "", (query) => {
      this.#record.query = query === "" ? null : query;
    });
    return this.#parameters;
  }

  get hash() {
    return this.#record.fragment ? `#${this.#record.fragment}` : "";
  }

  set hash(value) {
    const text = String(value).replace(/^#/, "");
    this.#record.fragment = text === "" ? null : encodeFragment(text);
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }

  get [Symbol.toStringTag]() {
    return "URL";
  }
}

define("URL", URL);
