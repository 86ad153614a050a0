import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { digestToBytes32 } from "#protocol/units.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { blobReader, ECHO_WASM, scratchFolder } from "./image-fixture.ts";

const HANDLER = `import { twice, type Input } from "./twice.ts";
/** says it twice */
export default { async fetch(request: Request): Promise<Response> { const input: Input = await request.json(); return Response.json(twice(input)); } };
`;
const TWICE = `export interface Input { readonly n: number }\nexport const twice = ({ n }: Input): number => n * 2;\n`;

test("a TypeScript file is stripped and bundled; the same source gives the same digest wherever it lies", async () => {
  await using first = await scratchFolder({ "main.ts": HANDLER, "twice.ts": TWICE });
  await using second = await scratchFolder({
    "deep/er/main.ts": HANDLER,
    "deep/er/twice.ts": TWICE,
    "tsconfig.json": "{}",
  });
  const packed = await packImage(join(first.path, "main.ts"));
  const again = await packImage(join(second.path, "deep/er/main.ts"));
  assert.equal(again.digest, packed.digest);
  const { config, layer, manifest } = await openImage(packed.digest, blobReader(packed));
  const source = Buffer.from(layer).toString();
  assert.equal(config.kind, "javascript");
  assert.equal(config.name, "main");
  assert.equal(manifest.annotations["org.opencontainers.image.title"], "main");
  assert.doesNotMatch(source, /: Input|mimik-image-|says it twice|\/tmp/);
  assert.equal(digestToBytes32(packed.digest).length, 66);
});

test("a folder takes name, version, entry and limits from its package.json", async () => {
  const manifest = {
    name: "@acme/audit",
    version: "1.2.3",
    type: "module",
    mimik: { entry: "src/app.js", limits: { fuel: "5000000", memoryPages: 300 } },
  };
  await using folder = await scratchFolder({
    "package.json": JSON.stringify(manifest),
    "src/app.js": "import { x } from 'dep'; export default { fetch: () => new Response(x) };",
    "node_modules/dep/package.json": `{ "name": "dep", "version": "1.0.0", "main": "index.cjs" }`,
    "node_modules/dep/index.cjs": "exports.x = 'from commonjs';",
  });
  const packed = await packImage(folder.path);
  const { config, layer } = await openImage(packed.digest, blobReader(packed));
  assert.equal(config.name, "@acme/audit");
  assert.equal(config.version, "1.2.3");
  assert.deepEqual(config.limits, { fuel: 5_000_000n, memoryPages: 300, responseBytes: 1_048_576 });
  assert.match(Buffer.from(layer).toString(), /from commonjs/);
  const renamed = await packImage(folder.path, { name: "other" });
  assert.notEqual(renamed.digest, packed.digest);
});

test("a WebAssembly file is recognised by what it imports and exports", async () => {
  await using folder = await scratchFolder({ "echo.wasm": ECHO_WASM, "cut.wasm": ECHO_WASM.subarray(0, 40) });
  const packed = await packImage(join(folder.path, "echo.wasm"), {
    arguments: ["-v"],
    environment: { B: "2", A: "1" },
  });
  const { config, layer } = await openImage(packed.digest, blobReader(packed));
  assert.equal(config.kind, "wasi");
  assert.deepEqual(config.arguments, ["echo", "-v"]);
  assert.deepEqual(Object.keys(config.environment), ["A", "B"]);
  assert.deepEqual(Buffer.from(layer), ECHO_WASM);
  await assert.rejects(packImage(join(folder.path, "cut.wasm")), { code: "module-malformed" });
});

test("what cannot be packed is refused with its reason", async () => {
  await using folder = await scratchFolder({
    "builtin.ts": `import { readFileSync } from "node:fs"; export default { fetch: () => new Response(readFileSync("x")) };`,
    "timer.ts": `export default { async fetch() { await new Promise((r) => setTimeout(r, 5)); return new Response(); } };`,
    "network.js": `export default { fetch: () => fetch("http://x") };`,
    "guarded.js": `const wait = typeof setTimeout === "function" ? setTimeout : undefined; export default { fetch: () => new Response(String(wait)) };`,
    "own.js": `const process = { env: {} }; export default { fetch: () => Response.json(process.env) };`,
    "nothing.js": `export const fetch = () => new Response();`,
    "broken.ts": `export default { fetch( };`,
    "lost.js": `import x from "./gone.js"; export default { fetch: () => new Response(x) };`,
    "notes.txt": "hello",
    "empty/readme.md": "",
  });
  const refused = (name: string, expected: object) =>
    assert.rejects(packImage(join(folder.path, name)), expected, name);
  await refused("builtin.ts", { code: "pack-absent-api", message: /"node:fs" is not there.*builtin\.ts/ });
  await refused("timer.ts", { code: "pack-absent-api", message: /"setTimeout" is not there, there are no timers/ });
  await refused("network.js", { code: "pack-absent-api", message: /"fetch" is not there/ });
  await refused("nothing.js", { code: "pack-no-handler" });
  await refused("broken.ts", { code: "pack-failed" });
  await refused("lost.js", { code: "pack-failed", message: /gone\.js/ });
  await refused("notes.txt", { code: "pack-unknown-kind" });
  await refused("empty", { code: "pack-source-missing" });
  await refused("missing.ts", { code: "pack-source-missing" });
  await packImage(join(folder.path, "guarded.js"));
  await packImage(join(folder.path, "own.js"));
  await assert.rejects(packImage(join(folder.path, "own.js"), { name: "Bad Name" }), { code: "image-malformed" });
});
