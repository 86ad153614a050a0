// The README's main job as a program sees it: one JSON object, real money, nothing left behind.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Hex } from "viem";

const MIMIK = fileURLToPath(new URL("../../bin/mimik.js", import.meta.url));

interface Report {
  readonly job: Hex;
  readonly answerDigest: string;
  readonly usage: {
    readonly fuel: string;
    readonly memoryPages: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  };
  readonly committee: readonly { readonly node: Hex; readonly owner: Hex }[];
  readonly attestations: readonly {
    readonly message: { readonly order: Hex; readonly node: Hex; readonly resultHash: Hex };
    readonly signature: Hex;
  }[];
  readonly settlementTransaction: Hex;
  readonly paid: readonly { readonly owner: Hex; readonly amount: string }[];
  readonly balances: { readonly before: Record<string, string>; readonly after: Record<string, string> };
}

const sum = (amounts: Iterable<string>) => [...amounts].reduce((total, amount) => total + BigInt(amount), 0n);
const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith("mimik-once-"));

test("mimik up --once --json runs a job on three nodes, pays their owners and prints one object", async () => {
  const earlier = leftovers();
  const { stdout } = await promisify(execFile)(process.execPath, [MIMIK, "up", "--once", "--json"]);
  assert.equal(stdout.trimEnd().split("\n").length, 1);
  const report: Report = JSON.parse(stdout);

  assert.match(report.job, /^0x[0-9a-f]{64}$/);
  assert.match(report.answerDigest, /^sha256:[0-9a-f]{64}$/);
  assert.match(report.settlementTransaction, /^0x[0-9a-f]{64}$/);
  assert.ok(
    BigInt(report.usage.fuel) > 0n &&
      report.usage.memoryPages > 0 &&
      report.usage.bytesIn > 0 &&
      report.usage.bytesOut > 0,
  );
  assert.equal(report.committee.length, 3);
  assert.equal(new Set(report.committee.map(({ owner }) => owner)).size, 3);
  assert.deepEqual(
    report.attestations.map(({ message }) => message.node),
    report.committee.map(({ node }) => node),
  );
  assert.deepEqual(new Set(report.attestations.map(({ message }) => message.order)), new Set([report.job]));
  assert.equal(new Set(report.attestations.map(({ message }) => message.resultHash)).size, 1);

  const { before, after } = report.balances;
  assert.deepEqual(
    report.paid.map(({ owner }) => owner),
    report.committee.map(({ owner }) => owner),
  );
  for (const { owner, amount } of report.paid) {
    assert.ok(BigInt(amount) > 0n);
    assert.equal(BigInt(after[owner] ?? "0") - BigInt(before[owner] ?? "0"), BigInt(amount));
  }
  assert.equal(sum(Object.values(after)), sum(Object.values(before)), "no unit appears or vanishes");
  assert.deepEqual(leftovers(), earlier);
});

test("a failure exits non-zero with a typed error", async () => {
  await assert.rejects(
    promisify(execFile)(process.execPath, [MIMIK, "up", "--once", "--nodes", "2", "--json"]),
    (error: { code: number; stdout: string }) => {
      const { code, exitCode, hint } = JSON.parse(error.stdout).error;
      assert.deepEqual({ exit: error.code, code, exitCode }, { exit: 2, code: "option-invalid", exitCode: 2 });
      return typeof hint === "string";
    },
  );
});
