// The sample job on what is really installed here, against another way to the same figures: the lock file and regular
// expressions instead of a walk and a parser.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { collectManifests, type PackageManifest } from "#cli/local-market/collect-manifests.ts";
import { decodeResponse, encodeRequest } from "#protocol/message.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { createRuntime } from "#runtime/runtime.ts";
import service, { type Audit } from "../../examples/licence-audit/index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
let packages: readonly PackageManifest[];

before(async () => {
  packages = await collectManifests(`${root}node_modules`);
});

async function audit(body: unknown, method = "POST"): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return service.fetch(new Request("http://sandbox.test/", { method, ...(method === "POST" && { body: text }) }));
}

test("every package of the lock file that is installed here is found, scoped and nested ones too", () => {
  const lock = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")) as { packages: Record<string, object> };
  const found = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const paths = Object.keys(lock.packages).filter((path) => path !== "" && existsSync(`${root}${path}/package.json`));
  for (const path of paths) {
    const { name, version } = JSON.parse(readFileSync(`${root}${path}/package.json`, "utf8")) as PackageManifest;
    assert.ok(found.has(`${name}@${version}`), path);
  }
  assert.ok(paths.length > 200, `${paths.length} packages`);
  const ids = [...found];
  assert.deepEqual(ids, ids.toSorted());
});

test("the audit agrees with an independent count", async () => {
  const answer = (await (await audit({ packages })).json()) as Audit;
  const counts: Record<string, number> = {};
  for (const { license, licenses } of packages) {
    const legacy = license as { type?: string } | string | undefined;
    const several = (licenses as { type: string }[] | undefined)?.map(({ type }) => type);
    const name =
      (typeof legacy === "string" ? legacy : legacy?.type) ?? (several?.length === 1 ? several[0] : undefined);
    const key = name?.trim() || (several ? `(${several.join(" OR ")})` : "(none)");
    counts[key] = (counts[key] ?? 0) + 1;
  }
  assert.equal(answer.total, packages.length);
  assert.deepEqual(Object.fromEntries(answer.licences.map(({ licence, count }) => [licence, count])), counts);
  assert.equal(
    answer.licences.reduce((sum, licence) => sum + licence.packages.length, 0),
    answer.total,
  );
  // Without a parser: copyleft with no OR beside it wants a look, and well-known permissive words alone do not.
  const reviewed = new Set(answer.review.map(({ name, version }) => `${name}@${version}`));
  for (const { licence, packages: ids } of answer.licences) {
    const words = licence.replaceAll(/[()]/g, "").split(/ (?:AND|OR) /);
    const plain = words.every((word) => /^(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0)$/.test(word));
    const copyleft = /\b(A|L)?GPL-|\bMPL-/.test(licence) && !/ OR /.test(licence);
    for (const id of ids) {
      if (plain) assert.ok(!reviewed.has(id), id);
      if (copyleft) assert.ok(reviewed.has(id), id);
    }
  }
});

test("order and repetition of the input do not matter", async () => {
  const straight = await (await audit({ packages })).text();
  const mixed = [...packages.toReversed(), ...packages.slice(0, 20)];
  assert.equal(await (await audit(mixed)).text(), straight);
});

test("each kind of licence gets its reason", async () => {
  const wanted: readonly [license: unknown, reason: string | undefined][] = [
    ["MIT", undefined],
    ["(MIT OR GPL-3.0-only)", undefined],
    ["MIT AND GPL-3.0-only", "asks to publish source"],
    ["MIT AND (ISC OR AGPL-3.0-or-later)", undefined],
    ["Apache-2.0 WITH LLVM-exception", undefined],
    ["GPL-2.0+", "asks to publish source"],
    ["MPL-2.0", "asks to publish source"],
    ["SEE LICENSE IN LICENSE.md", "the licence is in a file of its own"],
    ["UNLICENSED", "all rights are reserved"],
    ["Apache License, Version 2.0", "not an SPDX expression"],
    ["MIT OR", "not an SPDX expression"],
    ["((MIT)", "not an SPDX expression"],
    ["Custom-1.0", "a licence that this audit does not know"],
    [{ type: "MIT", url: "https://example.test" }, undefined],
    [undefined, "no licence is stated"],
    ["  ", "no licence is stated"],
    [`${"(".repeat(40)}MIT${")".repeat(40)}`, "not an SPDX expression"],
  ];
  for (const [index, [license, reason]] of wanted.entries()) {
    const answer = (await (await audit([{ name: `p${index}`, version: "1.0.0", license }])).json()) as Audit;
    assert.equal(answer.review[0]?.reason, reason, JSON.stringify(license));
  }
  const legacy = [{ name: "old", version: "0.1.0", licenses: [{ type: "MIT" }, { type: "GPL-2.0" }] }];
  assert.deepEqual(((await (await audit(legacy)).json()) as Audit).review, []);
});

test("what is no list of manifests is refused, and what is no manifest is left out", async () => {
  assert.equal((await audit("not JSON")).status, 400);
  assert.equal((await audit({ package: [] })).status, 400);
  assert.equal((await audit("", "GET")).status, 405);
  const odd = [null, 3, {}, { name: "x" }, { name: "x", version: 1 }, { name: "x", version: "1.0.0", license: 7 }];
  const answer = (await (await audit(odd)).json()) as Audit;
  assert.equal(answer.total, 1);
  assert.equal(answer.review[0]?.reason, "no licence is stated");
});

test("packed and sandboxed it gives the same bytes", async () => {
  const packed = await packImage(`${root}examples/licence-audit`);
  const image = await openImage(packed.digest, async (digest) => packed.blobs.get(digest) ?? new Uint8Array());
  const body = new TextEncoder().encode(JSON.stringify({ packages }));
  const request = encodeRequest({ method: "POST", url: "/", headers: [["content-type", "application/json"]], body });
  await using runtime = await createRuntime({ executors: 1, isolation: "process" });
  const invocation = { request, virtualTimeMillis: 0, seed: new Uint8Array(32), limits: image.config.limits };
  const { outcome, response } = await runtime.run(image, invocation);
  assert.equal(outcome, "ok");
  const sandboxed = new TextDecoder().decode(decodeResponse(response).body);
  assert.equal(sandboxed, await (await audit({ packages })).text());
});
