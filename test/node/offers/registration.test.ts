import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { isRegistered, signNodeRegistration, waitForRegistration } from "#node/offers/registration.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { verifySignature } from "#protocol/signing.ts";
import { FakeChain } from "../fake-foundation.ts";
import { DOMAIN, newKey, OWNER } from "../order-fixture.ts";

const key = newKey();

test("the node's key signs that it serves for its owner", async () => {
  const signed = await signNodeRegistration(key, DOMAIN, OWNER, 1_000);
  assert.deepEqual(signed.message, { node: key.address, owner: OWNER, validUntil: 1_000n });
  await verifySignature(DOMAIN, "NodeRegistration", signed, key.address);
});

test("registered to the owner, to nobody, to somebody else", async () => {
  const chain = new FakeChain();
  assert.equal(await isRegistered(chain, key.address, OWNER), false);
  chain.owners.set(key.address, OWNER);
  assert.equal(await isRegistered(chain, key.address, OWNER), true);
  await assert.rejects(isRegistered(chain, key.address, newKey().address), { code: "node-owned-by-other" });
});

test("waiting outlasts a chain that is down, says what to run, and ends when the owner has registered", async () => {
  const chain = new FakeChain();
  chain.down = new ProtocolError("unreachable", "chain-unreachable", "The chain does not answer.");
  const said: string[] = [];
  const log = pino(
    { level: "warn" },
    { write: (line: string) => void said.push((JSON.parse(line) as { next: string }).next) },
  );
  const read = chain.readNode.bind(chain);
  let reads = 0;
  chain.readNode = async (node) => {
    reads++;
    if (reads === 2) chain.down = undefined;
    if (reads === 3) chain.owners.set(key.address, OWNER);
    return read(node);
  };
  const { signal } = new AbortController();
  // The waiting itself is unreferenced, so that a daemon may end; a test has nothing else to stay for.
  const stay = setInterval(() => {}, 1_000);
  try {
    await waitForRegistration({ chain, node: key.address, owner: OWNER, home: "/tmp/n", log, signal });
  } finally {
    clearInterval(stay);
  }
  assert.deepEqual(said, [
    "The node tries again by itself.",
    "Register it from the owner's wallet: mimik node register --node-home /tmp/n",
  ]);
});
