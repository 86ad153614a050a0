import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type LocalAccount, toHex } from "viem";
import { openLeaseCall, registerNodeCall, settleCall } from "#chain/calls.ts";
import { httpNodeClient } from "#mesh/node-client.ts";
import { nodeConfig } from "#node/config/node-config.ts";
import { openNodeKey } from "#node/keys/open-node-key.ts";
import { signNodeRegistration } from "#node/offers/registration.ts";
import { startNode } from "#node/start-node.ts";
import { digestOf } from "#protocol/digest.ts";
import { decodeResponse, encodeRequest } from "#protocol/message.ts";
import { jobsRoot } from "#protocol/order.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";
import { newKey, unixNow } from "./order-fixture.ts";

const MICROSERVICE = `export default {
  async fetch(request) {
    return new Response((await request.text()).toUpperCase());
  },
};`;

/** A signed order of one job of the image at `source`, in a lease that is open on the chain. */
async function leaseAndOrder(chain: LocalChain, consumer: LocalAccount, nodes: readonly NodeId[], source: string) {
  const packed = await packImage(source);
  const request = encodeRequest({ method: "POST", url: "/", headers: [], body: new TextEncoder().encode("hello") });
  const blobs = new Map([...packed.blobs, [digestOf(request), request]]);
  const sessionKey = newKey();
  const lease = {
    consumer: consumer.address.toLowerCase() as NodeId,
    sessionKey: sessionKey.address.toLowerCase() as NodeId,
    salt: toHex(7, { size: 32 }),
    nodes,
  };
  await chain.fund(consumer, 5_000_000n);
  await chain.send(consumer, openLeaseCall(chain, lease, 2_000_000n, unixNow() + 600));
  const limits = { fuel: 2_000_000_000n, memoryPages: 1_024, responseBytes: 4_096 };
  const spec = { image: packed.digest, request: digestOf(request), virtualTimeMillis: 0, seed: lease.salt, ...limits };
  const message = {
    lease: leaseIdOf(lease),
    nonce: 1,
    jobs: jobsRoot([spec]),
    maxPrice: 1_000_000n,
    forceFee: 0n,
    quorumBps: 6_666,
    deadline: unixNow() + 60,
  };
  const domain = chain.settings;
  const order = await signMessage(sessionKey, domain, "JobOrder", message);
  const described = [...blobs].map(([digest, bytes]) => ({ digest, size: bytes.length }));
  const submission = { lease, order, jobs: [spec], blobs: described, token: toHex(9, { size: 32 }) };
  return { id: signingHash(domain, "JobOrder", message), submission, blobs };
}

test("on a real chain with the real runtime: registered, rented, run, attested, settled, earned", async () => {
  const home = mkdtempSync(join(tmpdir(), "mimik-real-"));
  const source = join(home, "upper.js");
  writeFileSync(source, MICROSERVICE);
  try {
    await using chain = await startLocalChain();
    const [owner, consumer] = chain.accounts as [LocalAccount, LocalAccount];
    const { rpcUrl, chainId, exchange } = chain;
    const config = nodeConfig({
      home,
      owner: owner.address,
      listen: { port: 0 },
      chain: { rpcUrl, chainId, exchange },
      slots: 1,
      isolation: "process",
      logLevel: "silent",
    });
    const registration = await signNodeRegistration(
      (await openNodeKey(config)).account,
      config.chain,
      owner.address,
      unixNow() + 60,
    );
    await chain.send(owner, registerNodeCall(chain, registration));
    await using node = await startNode(config);
    const client = httpNodeClient(node.url);
    const { id, submission, blobs } = await leaseAndOrder(chain, consumer, [node.node], source);

    for (const digest of (await client.submitOrder(submission)).missing) {
      await client.sendBlob(id, submission.token, digest, blobs.get(digest) as Uint8Array);
    }
    let status = await client.orderStatus(id, submission.token);
    while (["queued", "running"].includes(status.state)) {
      status = await client.orderStatus(id, submission.token, { after: status.state, waitSeconds: 20 });
    }
    assert.ok(status.commitment, JSON.stringify(status.problem));
    const { attestation, receipts } = await client.sendCommitments(id, submission.token, {
      commitments: [status.commitment],
    });
    assert.ok(attestation && receipts);
    const response = decodeResponse(await client.response(id, submission.token, 0));
    assert.equal(new TextDecoder().decode(response.body), "HELLO");

    await chain.send(consumer, settleCall(chain, submission.lease, submission.order, [attestation]));
    const earnings = (await (await fetch(`${node.url}/v1/earnings`)).json()) as {
      uncollected: string;
      lines: { asked: string; settled: boolean }[];
    };
    assert.equal(earnings.uncollected, attestation.message.price.toString());
    assert.deepEqual(
      earnings.lines.map(({ asked, settled }) => [asked, settled]),
      [[earnings.uncollected, true]],
    );
  } finally {
    rmSync(home, { recursive: true });
  }
});
