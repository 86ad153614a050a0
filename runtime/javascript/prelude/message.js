// Request and Response with whole bodies: there are no streams inside a call. What a handler does not look at, such as
// headers or a body's other form, is not made.
import { utf8Decode, utf8Encode, viewOf } from "./bytes.js";
import { Headers } from "./headers.js";
import { define, host } from "./host.js";
import { URL } from "./url.js";
import { URLSearchParams } from "./url-search-params.js";

const NO_PAIRS = [];
const TEXT_PAIRS = [["content-type", "text/plain;charset=UTF-8"]];
const JSON_PAIRS = [["content-type", "application/json"]];
const FORM_PAIRS = [["content-type", "application/x-www-form-urlencoded;charset=UTF-8"]];
const NULL_BODY_STATUSES = [204, 205, 304];
/** The body of the call's own request, which the host holds until it is asked for. */
const AT_HOST = Symbol("body at the host");

class Body {
  /** null, a string, a Uint8Array of its own, or AT_HOST. */
  #content = null;
  #used = false;
  /** Names and values as long as nobody asked for Headers. */
  #pairs;
  #headers;

  constructor(pairs) {
    this.#pairs = pairs;
  }

  /** Takes over content of a kind that `#content` may have. */
  static fill(body, content) {
    body.#content = content;
  }

  /** The content, unread, for a copy or for sending. */
  static peek(body) {
    if (body.#used) throw new TypeError("The body has been read already");
    return body.#content;
  }

  /** Every header as it was set. */
  static pairsOf(body) {
    return body.#headers === undefined ? body.#pairs : Headers.pairsOf(body.#headers);
  }

  /** Other headers than the body's own, before anybody asked for them. */
  static setPairs(body, pairs) {
    body.#pairs = pairs;
  }

  /** Takes over headers that a constructor has made. */
  static setHeaders(body, headers) {
    body.#headers = headers;
  }

  get headers() {
    this.#headers ??= Headers.fromCanonical(this.#pairs.slice());
    return this.#headers;
  }

  get body() {
    if (this.#content === null) return null;
    throw new TypeError("Body streams are not there: use text(), json(), bytes() or arrayBuffer()");
  }

  get bodyUsed() {
    return this.#used;
  }

  #take() {
    if (this.#used) throw new TypeError("The body has been read already");
    this.#used = this.#content !== null;
    return this.#content;
  }

  #takeText() {
    const content = this.#take();
    if (content === null) return "";
    if (typeof content === "string") return content;
    const text = content === AT_HOST ? host.requestText() : utf8Decode(content);
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  #takeBytes() {
    const content = this.#take();
    if (content === null) return new Uint8Array(0);
    if (content === AT_HOST) return new Uint8Array(host.requestBytes());
    return typeof content === "string" ? utf8Encode(content) : content.slice();
  }

  async bytes() {
    return this.#takeBytes();
  }

  async arrayBuffer() {
    return this.#takeBytes().buffer;
  }

  async text() {
    return this.#takeText();
  }

  async json() {
    return JSON.parse(this.#takeText());
  }
}

/** Copies what a body is made of, so that later writes by the guest do not change the message. */
function contentOf(init) {
  if (typeof init === "string") return init;
  const view = viewOf(init);
  if (view !== undefined) return view.slice();
  if (typeof init === "object" && (typeof init.getReader === "function" || Symbol.asyncIterator in init)) {
    throw new TypeError("Streams are not there: give the whole body as text or bytes");
  }
  return String(init);
}

/** The headers that a body brings with it. */
function pairsFor(init) {
  if (init === null || init === undefined || viewOf(init) !== undefined) return NO_PAIRS;
  return init instanceof URLSearchParams ? FORM_PAIRS : TEXT_PAIRS;
}

/** Gives the message the headers of its init, and those of its body where they are not among them. */
function setHeaders(message, init, pairs) {
  const headers = new Headers(init);
  for (const [name, value] of pairs) Headers.setDefault(headers, name, value);
  Body.setHeaders(message, headers);
}

const RECEIVED = Symbol("received");

export class Request extends Body {
  #method;
  #url;

  constructor(input, init = {}) {
    if (input === RECEIVED) {
      super(init[2]);
      this.#method = init[0];
      this.#url = init[1];
      Body.fill(this, AT_HOST);
      return;
    }
    const source = input instanceof Request ? input : undefined;
    const body = init.body ?? null;
    const pairs = body === null ? NO_PAIRS : pairsFor(body);
    super(pairs);
    const headers = init.headers ?? source?.headers;
    if (headers !== undefined) setHeaders(this, headers, pairs);
    this.#url = source ? source.url : new URL(input).href;
    this.#method = String(init.method ?? source?.method ?? "GET").toUpperCase();
    if (body !== null && (this.#method === "GET" || this.#method === "HEAD")) {
      throw new TypeError("A GET or HEAD request has no body");
    }
    if (body !== null) Body.fill(this, contentOf(body));
    else if (source) Body.fill(this, Body.peek(source));
  }

  /** The call's own request; the protocol has checked its parts, the host holds its body. */
  static received(method, url, pairs) {
    return new Request(RECEIVED, [method, url, pairs]);
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
  #status = 200;
  #statusText = "";

  constructor(body = null, init = undefined) {
    const pairs = pairsFor(body);
    super(pairs);
    if (init !== undefined && init !== null) this.#apply(init, pairs);
    if (body === null || body === undefined) return;
    if (NULL_BODY_STATUSES.includes(this.#status)) throw new TypeError(`A ${this.#status} response has no body`);
    Body.fill(this, contentOf(body));
  }

  #apply(init, pairs) {
    if (init.status !== undefined) this.#status = Number(init.status);
    if (init.statusText !== undefined) this.#statusText = String(init.statusText);
    if (!Number.isInteger(this.#status) || this.#status < 200 || this.#status > 599) {
      throw new RangeError(`A response's status is 200 to 599, not ${init.status}`);
    }
    if (init.headers !== undefined) setHeaders(this, init.headers, pairs);
  }

  static json(data, init = undefined) {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError("Response.json takes what JSON can write");
    const response = new Response(text, init);
    if (init?.headers === undefined) Body.setPairs(response, JSON_PAIRS);
    else Body.setHeaders(response, withJsonType(init.headers));
    return response;
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
    Body.fill(copy, Body.peek(this));
    return copy;
  }

  get [Symbol.toStringTag]() {
    return "Response";
  }
}

function withJsonType(init) {
  const headers = new Headers(init);
  Headers.setDefault(headers, "content-type", "application/json");
  return headers;
}

/** Hands the response to the host. */
export function sendResponse(response) {
  const content = Body.peek(response);
  const head = JSON.stringify([response.status, Body.pairsOf(response)]);
  if (content === AT_HOST) host.respond(head, host.requestBytes());
  else if (content === null || typeof content === "string") host.respond(head, content ?? "");
  else host.respond(head, content.buffer);
}

define("Request", Request);
define("Response", Response);
