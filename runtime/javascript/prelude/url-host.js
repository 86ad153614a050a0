// The host part of a URL: domain, IPv4 and IPv6 address, in the one form that the URL standard serialises.
// International names are refused: their mapping tables change between versions, and answers must not.
import { utf8Decode } from "./bytes.js";
import { percentDecode, percentEncode } from "./url-search-params.js";

const FORBIDDEN = /[\0\t\n\r #/:<>?@[\\\]^|]/;
const isControl = (code) => code <= 0x1f || code === 0x7f;
const hasControl = (text) => Array.from(text).some((character) => isControl(character.charCodeAt(0)));

/** The serialised host. @throws TypeError */
export function parseHost(text, isSpecial) {
  if (text.startsWith("[")) {
    if (!text.endsWith("]")) throw new TypeError(`Invalid URL host "${text}"`);
    return `[${serialiseIpv6(parseIpv6(text.slice(1, -1)))}]`;
  }
  if (!isSpecial) {
    if (FORBIDDEN.test(text)) throw new TypeError(`Invalid URL host "${text}"`);
    return percentEncode(text, isControl);
  }
  const domain = utf8Decode(percentDecode(text)).toLowerCase();
  if (Array.from(domain).some((character) => character > "\x7e") || /(^|\.)xn--/.test(domain)) {
    throw new TypeError(`International host names are not there: "${text}"`);
  }
  if (domain === "" || FORBIDDEN.test(domain) || domain.includes("%") || hasControl(domain)) {
    throw new TypeError(`Invalid URL host "${text}"`);
  }
  return endsInNumber(domain) ? parseIpv4(domain) : domain;
}

function endsInNumber(domain) {
  const parts = domain.split(".");
  if (parts.at(-1) === "" && parts.length > 1) parts.pop();
  return /^(\d+|0x[0-9a-f]*)$/.test(parts.at(-1));
}

function parseIpv4(domain) {
  const parts = domain.split(".");
  if (parts.at(-1) === "" && parts.length > 1) parts.pop();
  const numbers = parts.map(ipv4Number);
  const last = numbers.pop();
  const invalid =
    numbers.length > 3 || numbers.some((number) => !(number <= 255)) || !(last < 256 ** (4 - numbers.length));
  if (invalid) throw new TypeError(`Invalid IPv4 address "${domain}"`);
  let address = last;
  numbers.forEach((number, at) => {
    address += number * 256 ** (3 - at);
  });
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

function ipv4Number(text) {
  if (/^0x[0-9a-f]*$/.test(text)) return text === "0x" ? 0 : Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^\d+$/.test(text) && text[0] !== "0" ? Number.parseInt(text, 10) : Number.NaN;
}

function parseIpv6(text) {
  const invalid = new TypeError(`Invalid IPv6 address "${text}"`);
  const halves = text.split("::");
  if (halves.length > 2) throw invalid;
  const [head, tail] = halves.map((half) => ipv6Pieces(half, invalid));
  if (tail === undefined) {
    if (head.length !== 8) throw invalid;
    return head;
  }
  const gap = 8 - head.length - tail.length;
  if (gap < 1) throw invalid;
  return [...head, ...Array(gap).fill(0), ...tail];
}

function ipv6Pieces(half, invalid) {
  if (half === "") return [];
  const parts = half.split(":");
  return parts.flatMap((part, at) => {
    if (at === parts.length - 1 && part.includes(".")) {
      const bytes = part.split(".").map((byte) => (/^(0|[1-9]\d{0,2})$/.test(byte) ? Number(byte) : 256));
      if (bytes.length !== 4 || bytes.some((byte) => byte > 255)) throw invalid;
      return [bytes[0] * 256 + bytes[1], bytes[2] * 256 + bytes[3]];
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) throw invalid;
    return Number.parseInt(part, 16);
  });
}

/** The first longest run of two or more zeros is written as "::". */
function serialiseIpv6(pieces) {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (pieces[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
    at += length;
  }
  const hex = pieces.map((piece) => piece.toString(16));
  if (best.at === -1) return hex.join(":");
  return `${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.length).join(":")}`;
}
