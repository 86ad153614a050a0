// From flags to requests: one for each input, with the type that its name tells.
import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { processIo } from "#cli/command/io.ts";
import { readRequests } from "#cli/session/read-requests.ts";
import { LIMITS } from "#protocol/limits.ts";

let folder: string;
const io = { ...processIo(), readInput: () => new TextEncoder().encode('{"a":1}') };
const plain = { inputs: [], method: undefined, url: "/", headers: [] };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mimik-requests-"));
});

after(() => rm(folder, { recursive: true, force: true }));

test("without an input it is a GET, with inputs a POST for each", async () => {
  const [get] = await readRequests(io, { ...plain, url: "/status" });
  assert.deepEqual([get?.method, get?.url, get?.body.length], ["GET", "/status", 0]);
  const file = join(folder, "a.txt");
  await writeFile(file, "text");
  const posts = await readRequests(io, { ...plain, inputs: ["-", file] });
  assert.deepEqual(
    posts.map(({ method, headers }) => [method, headers]),
    [
      ["POST", [["content-type", "application/json"]]],
      ["POST", [["content-type", "text/plain; charset=utf-8"]]],
    ],
  );
});

test("a given type and method stand", async () => {
  const options = { ...plain, inputs: ["-"], method: "PUT", headers: ["Content-Type: application/x-own", "x-a: b:c"] };
  const [put] = await readRequests(io, options);
  assert.equal(put?.method, "PUT");
  assert.deepEqual(put?.headers, [
    ["content-type", "application/x-own"],
    ["x-a", "b:c"],
  ]);
});

test("a file that no job can take is refused before it is read", async () => {
  const file = join(folder, "big.bin");
  await writeFile(file, "");
  await truncate(file, LIMITS.messageBodyBytes + 1);
  await assert.rejects(readRequests(io, { ...plain, inputs: [file] }), { code: "input-too-large" });
  await assert.rejects(readRequests(io, { ...plain, inputs: [join(folder, "none")] }), { code: "ENOENT" });
  await assert.rejects(readRequests(io, { ...plain, headers: ["nothing"] }), { code: "header-malformed" });
});
