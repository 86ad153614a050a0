// Holds docs/PROTOCOL.md to what it speaks of: the table is the protocol's, and every test that it names is there.
// After a change that is meant: `UPDATE_PROTOCOL_TABLE=1 node --test test/protocol/lease-transitions-document.test.ts`.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { LEASE_EVENTS, LEASE_STATES, LEASE_TRANSITIONS, type LeaseOutcome } from "#protocol/lease-transitions.ts";
import { TYPES } from "#protocol/typed-data.ts";
import { COURT_TYPES } from "#protocol/verdict.ts";

const SIGNED = { ...TYPES, ...COURT_TYPES };
const root = new URL("../../", import.meta.url);
const path = new URL("docs/PROTOCOL.md", root);
const TABLE = /(?<=<!-- transitions -->\n)[\s\S]*(?=<!-- \/transitions -->)/;
const ATTACKS = /(?<=<!-- attacks -->\n)[\s\S]*(?=<!-- \/attacks -->)/;
const FAULTS = /(?<=<!-- faults -->\n)[\s\S]*(?=<!-- \/faults -->)/;

function cell(outcome: LeaseOutcome): string {
  if ("to" in outcome) return `→ ${outcome.to}`;
  return "refused" in outcome ? `✗ ${outcome.refused}` : `↷ ${outcome.skipped}`;
}

function table(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const rows = LEASE_EVENTS.map((event) =>
    row([`\`${event}\``, ...LEASE_STATES.map((state) => cell(LEASE_TRANSITIONS[state][event]))]),
  );
  const head = row(["event", ...LEASE_STATES.map((state) => `\`${state}\``)]);
  return [head, row(["---", ...LEASE_STATES.map(() => "---")]), ...rows].join("");
}

test("the document's table of transitions is the protocol's", () => {
  if (process.env.UPDATE_PROTOCOL_TABLE) writeFileSync(path, readFileSync(path, "utf8").replace(TABLE, table()));
  assert.equal(TABLE.exec(readFileSync(path, "utf8"))?.[0], table());
});

for (const [what, pattern, least] of [
  ["attack", ATTACKS, 60],
  ["fault of others", FAULTS, 8],
] as const) {
  test(`every ${what} that the document names is shown by a test of that name`, () => {
    const rows = (pattern.exec(readFileSync(path, "utf8"))?.[0] ?? "").trimEnd().split("\n").slice(2);
    assert.ok(rows.length > least, `${rows.length} rows`);
    for (const row of rows) {
      const [, file, name] = /\| `([^`]+)`: (.+) \|$/.exec(row) ?? [];
      assert.ok(file && name, row);
      const source = readFileSync(new URL(file, root), "utf8");
      const declared = file.endsWith(".sol") ? `function ${name}(` : `test("${name}"`;
      assert.ok(source.includes(declared), `${file} has no ${name}`);
    }
  });
}

test("the messages in the document have the fields that are signed", () => {
  const text = readFileSync(path, "utf8");
  const messages = [...text.matchAll(/`([A-Z]\w+)\(([\w, ]+)\)`/g)].map((match) => match.slice(1));
  assert.deepEqual(
    messages.map(([type, fields]) => `${type}(${fields})`),
    messages.map(([type]) => `${type}(${fieldsOf(type)})`),
  );
  assert.equal(new Set(messages.map(([type]) => type)).size, 9);
});

function fieldsOf(type: string | undefined): string {
  const fields: readonly { readonly name: string }[] = SIGNED[type as keyof typeof SIGNED] ?? [];
  return fields.map(({ name }) => name).join(", ");
}
