// The rules of the house, held by a test: who may import whom, how large things may grow, and what is nowhere.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAst } from "rolldown/parseAst";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Value imports between the houses; a type import is free. Packages beside viem and zod are nobody else's matter. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  chain: ["protocol"],
  runtime: ["protocol"],
  mesh: ["protocol"],
  client: ["protocol", "chain", "runtime", "mesh"],
  node: ["protocol", "chain", "runtime", "mesh"],
  marketplace: ["protocol", "chain", "mesh"],
  cli: ["protocol", "chain", "runtime", "mesh", "client", "node", "marketplace"],
  examples: [],
};
const PROTOCOL_PACKAGES = ["viem", "zod"];
/** Curves and hashes are pure too, and one file has them. */
const BLS_PACKAGES = ["@noble/curves/bls12-381", "@noble/hashes/hkdf", "@noble/hashes/sha2"];

const FILE_LINES_MAX = 400;
const FILE_LINES_MEDIAN_MAX = 120;
const FUNCTION_LINES_MAX = 70;
const FORBIDDEN_FOLDERS = ["utils", "common", "shared", "lib", "core", "helpers"];

/** What starts by itself and is therefore imported by nothing. */
const ENTRIES =
  /^cli\/main\.ts$|-main\.ts$|^examples\/|\.config\.ts$|^runtime\/javascript\/prelude\/|^marketplace\/dashboard\//;
/** Tests of what a whole folder promises rather than one file of it. */
const PROMISES = ["determinism", "sandbox", "registry-programs", "hostile-guests"];
/** Built for people or for the machine to look at, by their own rules. */
const GENERATED = /^chain\/abi\//;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly { readonly from: string; readonly value: boolean }[];
  readonly functions: readonly { readonly name: string; readonly lines: number }[];
}

const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const sources: readonly Source[] = tracked.filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts")).map(read);
const houses = sources.filter((source) => houseOf(source.path) in MAY_IMPORT);

function read(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  const imports: { from: string; value: boolean }[] = [];
  const functions: { name: string; lines: number }[] = [];
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length;
  walk(parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" }, path), (node, parent) => {
    const source = node.source as Node | undefined;
    if (
      /^(Import|ExportNamed|ExportAll)(Declaration|Expression)$/.test(node.type) &&
      typeof source?.value === "string"
    ) {
      const kind = node.importKind ?? node.exportKind;
      imports.push({ from: source.value, value: kind !== "type" });
    }
    if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
      const name = ((node.id ?? parent?.id ?? parent?.key) as Node | undefined)?.name;
      functions.push({ name: String(name ?? "anonymous"), lines: lineOf(node.end) - lineOf(node.start) + 1 });
    }
  });
  return { path, text, lines: text.split("\n").length - 1, imports, functions };
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

function walk(value: unknown, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit, parent);
  else if (typeof value === "object" && value !== null) {
    const node = value as Node;
    if (typeof node.type === "string") visit(node, parent);
    for (const field of Object.values(node)) walk(field, visit, typeof node.type === "string" ? node : parent);
  }
}

function houseOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/** The file in the project that `from` in `path` names; undefined for a package. */
function target(path: string, from: string): string | undefined {
  if (from.startsWith("#")) return from.slice(1);
  return from.startsWith(".") ? relative(root, join(root, dirname(path), from)) : undefined;
}

test("houses import only whom they may", () => {
  const wrong = houses.flatMap((source) =>
    source.imports.flatMap(({ from, value }) => {
      const path = target(source.path, from);
      const [own, other] = [houseOf(source.path), path === undefined ? undefined : houseOf(path)];
      if (!value || other === undefined || other === own || MAY_IMPORT[own]?.includes(other)) return [];
      return [`${source.path} imports ${from}`];
    }),
  );
  assert.deepEqual(wrong, []);
});

test("the protocol is pure: no clock, chance, network, disk or environment", () => {
  const impure = /\bDate\b|Math\.random|\bfetch\(|\bprocess\.|\bsetTimeout|\bsetInterval|getRandomValues|from "node:/;
  const protocol = sources.filter((source) => houseOf(source.path) === "protocol");
  assert.ok(protocol.length > 10);
  for (const source of protocol) {
    assert.doesNotMatch(source.text, impure, source.path);
    const packages = source.path === "protocol/bls.ts" ? [...PROTOCOL_PACKAGES, ...BLS_PACKAGES] : PROTOCOL_PACKAGES;
    for (const { from } of source.imports) {
      assert.ok(target(source.path, from) ?? packages.includes(from), `${source.path} imports ${from}`);
    }
  }
});

test("only the command line and scripts print", () => {
  const silent = houses.filter((source) => houseOf(source.path) !== "cli" && houseOf(source.path) !== "examples");
  const printing = silent.filter(
    (source) => !/\/(prelude|dashboard)\//.test(source.path) && /\bconsole\.\w+\(/.test(source.text),
  );
  assert.deepEqual(
    printing.map(({ path }) => path),
    [],
  );
});

test("files and functions stay small", () => {
  const written = sources.filter((source) => !GENERATED.test(source.path));
  const long = written.filter((source) => source.lines > FILE_LINES_MAX).map(({ path, lines }) => `${path}: ${lines}`);
  const functions = written.flatMap((source) =>
    source.functions
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ name, lines }) => `${source.path} ${name}: ${lines}`),
  );
  assert.deepEqual({ long, functions }, { long: [], functions: [] });
  const sizes = houses
    .filter((source) => !GENERATED.test(source.path))
    .map(({ lines }) => lines)
    .toSorted((a, b) => a - b);
  assert.ok((sizes[sizes.length >> 1] ?? 0) <= FILE_LINES_MEDIAN_MAX, `median ${sizes[sizes.length >> 1]}`);
});

test("no file is dead", () => {
  const programs = sources.filter(({ path }) => !path.startsWith("test/"));
  const imported = new Set(programs.flatMap(({ path, imports }) => imports.map(({ from }) => target(path, from))));
  const named = sources
    .filter(({ path }) => /^(scripts|bin)\//.test(path))
    .map(({ text }) => text)
    .join("\n");
  const dead = houses.filter(({ path }) => !ENTRIES.test(path) && !imported.has(path) && !named.includes(path));
  assert.deepEqual(
    dead.map(({ path }) => path),
    [],
  );
});

test("names are kebab-case, no folder is a drawer, no file is a barrel", () => {
  for (const { path, text } of sources) {
    assert.match(basename(path), /^[a-z0-9]+([-.][a-z0-9]+)*\.tsx?$/, path);
    for (const folder of dirname(path).split("/")) assert.ok(!FORBIDDEN_FOLDERS.includes(folder), path);
    const body = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("//"));
    assert.ok(!body.every((line) => line.startsWith("export ") && line.includes(" from ")), `${path} is a barrel`);
  }
});

test("protocol and chain open every file with what it decides and what it never does", () => {
  for (const { path, text } of houses.filter(({ path }) => /^(protocol|chain)\//.test(path) && !GENERATED.test(path))) {
    assert.match(text, /^\/\/ .*?(never|no |only|nothing)/is, path);
    assert.ok(text.startsWith("// "), path);
  }
});

test("every test has a subject: its name mirrors a file or folder of the project, or stands in end-to-end", () => {
  const tests = sources.filter(({ path }) => path.startsWith("test/") && path.endsWith(".test.ts"));
  const subjectless = tests.filter(({ path }) => {
    const subject = path.slice("test/".length).replace(/\.test\.ts$/, "");
    if (/^(tidy$|end-to-end\/|contracts\/)/.test(subject) || PROMISES.includes(basename(subject))) return false;
    // `follow-simulation` is of `follow`: a long story may have a file of its own.
    const stems = subject.split("-").map((_, index, words) => words.slice(0, index + 1).join("-"));
    return !stems.some((stem) => ["", ".ts", ".tsx", ".mjs"].some((suffix) => existsSync(join(root, stem + suffix))));
  });
  assert.deepEqual(
    subjectless.map(({ path }) => path),
    [],
  );
});

test("nothing depends on the machine it was written on", () => {
  const local = /(^|[^\w.])\/(work|home|root)\//;
  const bound = sources.filter(({ path, text }) => path !== "test/tidy.test.ts" && local.test(text));
  assert.deepEqual(
    bound.map(({ path }) => path),
    [],
  );
});
