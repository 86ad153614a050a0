// Why a person should look at a licence: it is no SPDX expression, asks to publish source, or points elsewhere.

type Kind = "permissive" | "copyleft" | "unknown";

/** SPDX identifiers that ask for little more than a notice. */
const PERMISSIVE = new Set(
  (
    "0BSD AFL-2.1 AFL-3.0 Apache-1.1 Apache-2.0 Artistic-2.0 BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent " +
    "BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause BSL-1.0 CC-BY-3.0 CC-BY-4.0 CC0-1.0 curl FTL HPND ICU ISC JSON Libpng " +
    "libtiff MIT MIT-0 MIT-CMU MS-PL MulanPSL-2.0 NCSA NTP OFL-1.1 OpenSSL PostgreSQL PSF-2.0 Python-2.0 Ruby TCL " +
    "Unicode-3.0 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C W3C-20150513 WTFPL X11 Zlib ZPL-2.1"
  ).split(" "),
);

/** SPDX identifiers that ask to publish changes or more, each with its `-only` and `-or-later` forms. */
const COPYLEFT =
  /^(?:[AL]?GPL-\d|MPL-|EPL-|CPL-|CDDL-|EUPL-|OSL-|CECILL-2|CC-BY-SA-|CC-BY-NC|SSPL-|APSL-|MS-RL|Sleepycat|QPL-)/;

/** The reason, or undefined where none is seen. A choice is as good as its best licence, a sum as its worst. */
export function reviewReason(licence: string): string | undefined {
  if (/^SEE LICEN[CS]E IN /i.test(licence)) return "the licence is in a file of its own";
  if (/^UNLICEN[CS]ED$/i.test(licence)) return "all rights are reserved";
  const tokens = licence.match(/\(|\)|[^\s()]+/g) ?? [];
  const reader = { tokens, at: 0 };
  const kind = readChoice(reader, 0);
  if (kind === undefined || reader.at < tokens.length) return "not an SPDX expression";
  if (kind === "unknown") return "a licence that this audit does not know";
  return kind === "copyleft" ? "asks to publish source" : undefined;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

/** Deeper nesting than people write. */
const DEPTH_MAX = 16;

function readChoice(reader: Reader, depth: number): Kind | undefined {
  return readChain(reader, "OR", () => readSum(reader, depth), ["permissive", "copyleft", "unknown"]);
}

function readSum(reader: Reader, depth: number): Kind | undefined {
  return readChain(reader, "AND", () => readLicence(reader, depth), ["unknown", "copyleft", "permissive"]);
}

/** `next (operator next)*`; of the kinds found, the first in `order`. */
function readChain(
  reader: Reader,
  operator: string,
  next: () => Kind | undefined,
  order: readonly Kind[],
): Kind | undefined {
  const kinds: Kind[] = [];
  do {
    const kind = next();
    if (kind === undefined) return undefined;
    kinds.push(kind);
  } while (take(reader, operator));
  return order.find((kind) => kinds.includes(kind));
}

function readLicence(reader: Reader, depth: number): Kind | undefined {
  if (take(reader, "(")) {
    const inner = depth < DEPTH_MAX ? readChoice(reader, depth + 1) : undefined;
    return take(reader, ")") ? inner : undefined;
  }
  const id = reader.tokens[reader.at];
  if (id === undefined || !/^[A-Za-z0-9][A-Za-z0-9.+:-]*$/.test(id) || /^(?:AND|OR|WITH)$/.test(id)) return undefined;
  reader.at++;
  // An exception only ever allows more.
  if (take(reader, "WITH")) reader.at++;
  const plain = id.replace(/\+$/, "");
  if (PERMISSIVE.has(plain)) return "permissive";
  return COPYLEFT.test(plain) ? "copyleft" : "unknown";
}

function take(reader: Reader, token: string): boolean {
  if (reader.tokens[reader.at] !== token) return false;
  reader.at++;
  return true;
}
