// The URL parser of the URL standard, as plain functions from text to a record and back.
import { parseHost } from "./url-host.js";
import { percentEncode } from "./url-search-params.js";

const PORTS = { "ftp:": 21, "file:": null, "http:": 80, "https:": 443, "ws:": 80, "wss:": 443 };

const among = (characters) => {
  const codes = new Set(Array.from(characters, (character) => character.charCodeAt(0)));
  return (code) => code <= 0x1f || codes.has(code);
};
const inFragment = among(' "<>`');
const inQuery = among(' "#<>');
const inSpecialQuery = among(` "#<>'`);
const inPath = among(' "#<>?^`{}');
const inUserinfo = among(' "#<>?^`{}/:;=@[\\]|');
const inOpaque = among("");

export const encodeFragment = (text) => percentEncode(text, inFragment);
export const encodeQuery = (text, scheme) => percentEncode(text, isSpecial(scheme) ? inSpecialQuery : inQuery);
export const encodeUserinfo = (text) => percentEncode(text, inUserinfo);
export const isSpecial = (scheme) => Object.hasOwn(PORTS, scheme);

/** What most calls parse: their own URL, with nothing in it that the standard would change. */
const PLAIN =
  /^(https?:)\/\/([a-z](?:[a-z0-9-]*[a-z])?(?:\.[a-z](?:[a-z0-9-]*[a-z])?)*)(\/[\w~!$&()*+,;=:@/-]*)?(?:\?([\w.~!$&()*+,;=:@/?%-]*))?$/;

/** @throws TypeError */
export function parseUrl(input, base) {
  const plain = PLAIN.exec(input);
  if (plain === null || plain[2].includes("xn--")) return parseAny(input, base);
  const [, scheme, host, path = "/", query = null] = plain;
  return { ...blank(scheme), host, path: path.slice(1).split("/"), query };
}

function parseAny(input, base) {
  const text = input
    .toWellFormed()
    .replace(/^[\0-\x20]+|[\0-\x20]+$/g, "")
    .replace(/[\t\n\r]/g, "");
  const [, beforeFragment, fragment] = /^([^#]*)(?:#(.*))?$/s.exec(text);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(beforeFragment);
  const record = scheme
    ? parseAbsolute(`${scheme[1].toLowerCase()}:`, beforeFragment.slice(scheme[0].length), base)
    : parseRelative(beforeFragment, base, text);
  record.fragment = fragment === undefined ? null : encodeFragment(fragment);
  return record;
}

function blank(scheme) {
  return { scheme, username: "", password: "", host: null, port: null, path: [], query: null, fragment: null };
}

function parseAbsolute(scheme, rest, base) {
  const special = isSpecial(scheme);
  const slashes = special ? /^[/\\]*/.exec(rest)[0].length : rest.startsWith("//") ? 2 : 0;
  if (scheme === "file:") return parseFile(rest, base?.scheme === "file:" ? base : undefined);
  if (special && slashes < 2 && base?.scheme === scheme) return parseRelative(rest, base, rest);
  const record = blank(scheme);
  if (!special && slashes === 0 && !rest.startsWith("/")) return parseOpaque(record, rest);
  if (!special && slashes === 0) return setPathAndQuery(record, rest);
  return parseAuthority(record, rest.slice(slashes));
}

function parseOpaque(record, rest) {
  const [, path, query] = /^([^?]*)(?:\?(.*))?$/s.exec(rest);
  record.path = percentEncode(path, inOpaque);
  record.query = query === undefined ? null : encodeQuery(query, record.scheme);
  return record;
}

function parseRelative(text, base, input) {
  if (base === undefined) throw new TypeError(`Invalid URL "${input}"`);
  if (typeof base.path === "string") {
    if (text !== "") throw new TypeError(`Invalid URL "${input}"`);
    return { ...base };
  }
  const slash = isSpecial(base.scheme) ? text.replace(/^[^?]*/, (path) => path.replaceAll("\\", "/")) : text;
  if (base.scheme === "file:") return parseFile(text, base);
  if (slash.startsWith("//")) {
    return parseAuthority(blank(base.scheme), isSpecial(base.scheme) ? slash.replace(/^\/+/, "") : slash.slice(2));
  }
  return resolvePath({ ...base, query: null }, slash, base);
}

function resolvePath(record, text, base) {
  if (text.startsWith("/")) return setPathAndQuery({ ...record, path: [] }, text);
  if (text === "") return { ...record, path: base.path, query: base.query };
  if (text.startsWith("?")) return { ...record, path: base.path, query: encodeQuery(text.slice(1), record.scheme) };
  return setPathAndQuery({ ...record, path: base.path.slice(0, -1) }, text);
}

function parseFile(text, base) {
  const rest = text.replace(/^[^?]*/, (path) => path.replaceAll("\\", "/"));
  const record = { ...blank("file:"), host: "" };
  if (rest.startsWith("//")) {
    const [, host, path] = /^([^/?]*)(.*)$/s.exec(rest.slice(2));
    if (isDrive(host)) return setPathAndQuery(record, `/${host}${path}`);
    const parsed = host === "" ? "" : parseHost(host, true);
    return setPathAndQuery({ ...record, host: parsed === "localhost" ? "" : parsed }, path);
  }
  if (base === undefined) return setPathAndQuery(record, rest);
  return resolvePath({ ...record, host: base.host }, rest, base);
}

function isDrive(text) {
  return /^[A-Za-z][:|]$/.test(text);
}

function parseAuthority(record, text) {
  const special = isSpecial(record.scheme);
  const [, authority, rest] = (special ? /^([^/\\?]*)(.*)$/s : /^([^/?]*)(.*)$/s).exec(text);
  const at = authority.lastIndexOf("@");
  if (at !== -1) {
    const [, username, password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, at));
    record.username = encodeUserinfo(username);
    record.password = encodeUserinfo(password ?? "");
  }
  const [, host, port] = /^((?:\[[^\]]*\]|[^:])*)(?::(.*))?$/s.exec(authority.slice(at + 1)) ?? [];
  if (host === undefined || (host === "" && (special || port !== undefined || at !== -1))) {
    throw new TypeError("Invalid URL: the host is missing");
  }
  record.host = host === "" ? "" : parseHost(host, special);
  record.port = port === undefined || port === "" ? null : parsePort(port, record.scheme);
  return setPathAndQuery(record, rest);
}

/** Null where it is the scheme's own. @throws TypeError */
export function parsePort(text, scheme) {
  if (!/^\d+$/.test(text) || Number(text) > 65535) throw new TypeError(`Invalid URL port "${text}"`);
  return PORTS[scheme] === Number(text) ? null : Number(text);
}

/** Appends the path in `text` to the record's and reads the query. */
export function setPathAndQuery(record, text) {
  const [, path, query] = /^([^?]*)(?:\?(.*))?$/s.exec(text);
  const special = isSpecial(record.scheme);
  const segments = (special ? path.replaceAll("\\", "/") : path).replace(/^\//, "").split("/");
  if (path !== "" || special) record.path = joinSegments(record, segments);
  if (query !== undefined) record.query = encodeQuery(query, record.scheme);
  return record;
}

function joinSegments(record, segments) {
  const path = [...record.path];
  segments.forEach((segment, at) => {
    const isLast = at === segments.length - 1;
    const plain = segment.replace(/%2e/gi, ".");
    if (plain === "..") {
      if (!(record.scheme === "file:" && path.length === 1 && isDrive(path[0]))) path.pop();
      if (isLast) path.push("");
    } else if (plain === ".") {
      if (isLast) path.push("");
    } else if (record.scheme === "file:" && path.length === 0 && isDrive(segment)) path.push(`${segment[0]}:`);
    else path.push(percentEncode(segment, inPath));
  });
  return path;
}

/** The path as text. */
export function serialisePath(record) {
  return typeof record.path === "string" ? record.path : record.path.map((segment) => `/${segment}`).join("");
}

/** The whole URL as text. */
export function serialiseUrl(record) {
  const { scheme, username, password, host, port, query, fragment } = record;
  const user = username === "" && password === "" ? "" : `${username}${password === "" ? "" : `:${password}`}@`;
  const authority = host === null ? "" : `//${user}${host}${port === null ? "" : `:${port}`}`;
  const path = serialisePath(record);
  const guard = host === null && typeof record.path !== "string" && path.startsWith("//") ? "/." : "";
  return `${scheme}${authority}${guard}${path}${query === null ? "" : `?${query}`}${fragment === null ? "" : `#${fragment}`}`;
}
