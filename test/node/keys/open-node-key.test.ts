import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { nodeConfig } from "#node/config/node-config.ts";
import type { NodeSettings } from "#node/config/node-settings.ts";
import { openNodeKey } from "#node/keys/open-node-key.ts";
import { DOMAIN, OWNER } from "../order-fixture.ts";

const root = mkdtempSync(join(tmpdir(), "mimik-key-"));
after(() => rmSync(root, { recursive: true }));
const config = (home: string, key: NodeSettings["key"] = {}) =>
  nodeConfig({ home: join(root, home), owner: OWNER, chain: { rpcUrl: "http://127.0.0.1:1", ...DOMAIN }, key });

test("the first start makes a key for its owner's eyes only, later starts open the same", async () => {
  const made = await openNodeKey(config("a"));
  const opened = await openNodeKey(config("a"));
  assert.deepEqual([opened.account.address, opened.juror], [made.account.address, made.juror]);
  for (const file of ["node-key.json", "node-key.password"]) {
    assert.equal(statSync(join(root, "a", file)).mode & 0o777, 0o600, file);
  }
});

test("a key whose password is gone says what to set", async () => {
  await openNodeKey(config("b"));
  rmSync(join(root, "b", "node-key.password"));
  await assert.rejects(openNodeKey(config("b")), { code: "password-unreadable" });
  await assert.rejects(openNodeKey(config("b", { password: "guess" })), { code: "password-wrong" });
});
