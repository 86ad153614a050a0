// Request and Response with whole bodies: there are no streams inside a call.
import { utf8Decode, utf8Encode, viewOf } from "./bytes.js";
import { Headers } from "./headers.js";
import { define } from "./host.js";
import { URL } from "./url.js";
import { URLSearchParams } from "./url-search-params.js";

const NO_BODY = new Uint8Array(0);
const NULL_BODY_STATUSES = [204, 205, 304];

/** `{ bytes, type }`; bytes are copied, so that later writes by the guest do not change the message. */
function extractBody(init) {
  if (typeof init === "string") return { bytes: utf8Encode(init), type: "text/plain;charset=UTF-8" };
  const view = viewOf(init);
  if (view !== undefined) return { bytes: view.slice(), type: undefined };
  if (init instanceof URLSearchParams) {
    return { bytes: utf8Encode(init.toString()), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  if (typeof init === "object" && (typeof init.getReader === "function" || Symbol.asyncIterator in init)) {
    throw new TypeError("Streams are not there: give the whole body as text or bytes");
  }
  return { bytes: utf8Encode(String(init)), type: "text/plain;charset=UTF-8" };
}

class Body {
  #bytes = null;
  #used = false;
  headers;

  constructor(headers) {
    this.headers = headers;
  }

  /** For this folder only; guest code has no reason to call it. */
  static setBytes(body, bytes) {
    body.#bytes = bytes;
  }

  static peek(body) {
    if (body.#used) throw new TypeError("The body has been read already");
    return body.#bytes;
  }

  get body() {
    if (this.#bytes === null) return null;
    throw new TypeError("Body streams are not there: use text(), json(), bytes() or arrayBuffer()");
  }

  get bodyUsed() {
    return this.#used;
  }

  #take() {
    if (this.#used) throw new TypeError("The body has been read already");
    this.#used = this.#bytes !== null;
    return this.#bytes ?? NO_BODY;
  }

  async bytes() {
    return this.#take().slice();
  }

  async arrayBuffer() {
    return this.#take().slice().buffer;
  }

  async text() {
    const text = utf8Decode(this.#take());
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  async json() {
    return JSON.parse(await this.text());
  }
}

const RECEIVED = Symbol("received");

export class Request extends Body {
  #method;
  #url;

  constructor(input, init = {}) {
    const source = input instanceof Request ? input : undefined;
    if (input === RECEIVED) {
      super(Headers.fromCanonical(init.headers));
      this.#method = init.method;
      this.#url = init.url;
      if (init.bytes.length > 0) Body.setBytes(this, init.bytes);
      return;
    }
    super(new Headers(init.headers ?? source?.headers));
    this.#url = source ? source.url : new URL(input).href;
    this.#method = String(init.method ?? source?.method ?? "GET").toUpperCase();
    const body = init.body ?? null;
    if (body !== null && (this.#method === "GET" || this.#method === "HEAD")) {
      throw new TypeError("A GET or HEAD request has no body");
    }
    if (body !== null) setBody(this, body);
    else if (source) Body.setBytes(this, Body.peek(source));
  }

  /** The call's own request; the protocol has checked its parts. */
  static received(method, url, headers, bytes) {
    return new Request(RECEIVED, { method, url, headers, bytes });
  }

  get method() {
    return this.#method;
  }

  get url() {
    return this.#url;
  }

  clone() {
    return new Request(this);
  }

  get [Symbol.toStringTag]() {
    return "Request";
  }
}

export class Response extends Body {
  #status;
  #statusText;

  constructor(body = null, init = {}) {
    super(new Headers(init.headers));
    this.#status = Number(init.status ?? 200);
    this.#statusText = String(init.statusText ?? "");
    if (!Number.isInteger(this.#status) || this.#status < 200 || this.#status > 599) {
      throw new RangeError(`A response's status is 200 to 599, not ${init.status}`);
    }
    if (body === null || body === undefined) return;
    if (NULL_BODY_STATUSES.includes(this.#status)) throw new TypeError(`A ${this.#status} response has no body`);
    setBody(this, body);
  }

  static json(data, init = {}) {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError("Response.json takes what JSON can write");
    const headers = new Headers(init.headers);
    Headers.setDefault(headers, "content-type", "application/json");
    return new Response(text, { ...init, headers });
  }

  static redirect(url, status = 302) {
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`${status} is no redirect`);
    return new Response(null, { status, headers: { location: new URL(url).href } });
  }

  get status() {
    return this.#status;
  }

  get statusText() {
    return this.#statusText;
  }

  get ok() {
    return this.#status < 300;
  }

  get type() {
    return "default";
  }

  get url() {
    return "";
  }

  get redirected() {
    return false;
  }

  clone() {
    const { status, statusText, headers } = this;
    const copy = new Response(null, { status, statusText, headers });
    Body.setBytes(copy, Body.peek(this));
    return copy;
  }

  get [Symbol.toStringTag]() {
    return "Response";
  }
}

/** The response's bytes for sending; null where it has none. */
export function takeBytes(response) {
  return Body.peek(response);
}

function setBody(message, init) {
  const { bytes, type } = extractBody(init);
  Body.setBytes(message, bytes);
  if (type !== undefined) Headers.setDefault(message.headers, "content-type", type);
}

define("Request", Request);
define("Response", Response);
