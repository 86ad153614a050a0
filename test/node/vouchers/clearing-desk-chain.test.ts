// The cheap rung on the real exchange: orders served by whole nodes, paid by one voucher, and cleared by the nodes.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex, LocalAccount } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import * as calls from "#chain/calls.ts";
import { type LeaseRecord, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import { httpNodeClient, type NodeClient } from "#mesh/node-client.ts";
import type { RunningNode } from "#node/start-node.ts";
import { nextVoucher, noteChecked, noteOrder, openPayerLedger } from "#protocol/payer-ledger.ts";
import type { Attestation, Signed } from "#protocol/signed-messages.ts";
import { leaseIdOf, signMessage } from "#protocol/signing.ts";
import { voucherPrice } from "#protocol/voucher-price.ts";
import { GRACE_SECONDS, LEASE_SECONDS, type LeaseStage, openLeaseStage } from "../../chain/lease-stage.ts";
import { fakeFoundation } from "../fake-foundation.ts";
import { offerOf, serveOrder } from "../served-order.ts";
import { startStagedNode } from "../staged-node.ts";

const ORDERS = 5;
const MAX_PRICE = 1_000n;
const FUNDS = 100_000n;
const root = mkdtempSync(join(tmpdir(), "mimik-clearing-"));
let stage: LeaseStage;
let running: RunningNode[];
let clients: NodeClient[];

before(async () => {
  stage = await openLeaseStage();
  running = await Promise.all(stage.nodes.map(start));
  clients = running.map(({ url }) => httpNodeClient(url));
});
after(async () => {
  await Promise.all(running.map((node) => node[Symbol.asyncDispose]()));
  await stage[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

function start(key: LocalAccount, index: number): Promise<RunningNode> {
  // So little that the price of gas does not matter here.
  const clearing = { coinPrice: "0.000001" };
  return startStagedNode({ stage, key, index, root, clearing }, (view, clearings) =>
    fakeFoundation(view, { key, clearings }),
  );
}

async function cleared(lease: Hex): Promise<LeaseRecord> {
  for (let tries = 0; tries < 200; tries++) {
    const record = await readLease(stage.chain, lease);
    if (record && record.upTo > 0) return record;
    await sleep(100);
  }
  assert.fail("nobody cleared the lease");
}

test("five orders are served and paid by one voucher and one transaction, and the remainder comes back at once", async () => {
  const { chain, session } = stage;
  const terms = stage.newTerms();
  const lease = leaseIdOf(terms);
  const now = await readTime(chain);
  await stage.send(calls.openLeaseCall(chain, terms, FUNDS, now + LEASE_SECONDS));
  let ledger = openPayerLedger(lease);
  const attestations: Signed<Attestation>[] = [];
  for (let nonce = 1; nonce <= ORDERS; nonce++) {
    const deadline = now + 200 + nonce;
    ledger = noteOrder(ledger, { nonce, maxPrice: MAX_PRICE, forcibleUntil: deadline + GRACE_SECONDS });
    const fields = { nonce, maxPrice: MAX_PRICE, forceFee: 0n, deadline };
    const { attestations: attested } = await serveOrder(stage, terms, clients, fields);
    assert.equal(new Set(attested.map(({ message }) => message.resultHash)).size, 1);
    ledger = noteChecked(
      ledger,
      nonce,
      voucherPrice(
        attested.map(({ message }) => message.price),
        MAX_PRICE,
      ),
    );
    attestations.push(...attested);
  }
  const next = nextVoucher(ledger, { last: true });
  assert.ok(next);
  const { perNode } = next.voucher;
  assert.ok(perNode > 0n);
  const voucher = await signMessage(session, chain.domain, "Voucher", next.voucher);
  const offers = await Promise.all(
    running.map((node, i) => offerOf(chain.domain, stage.nodes[i] as LocalAccount, node)),
  );
  for (const client of clients) await client.handVoucher({ lease: terms, voucher, attestations, offers });

  const { upTo, paidPerNode, forced, open, remaining } = await cleared(lease);
  assert.deepEqual(
    { upTo, paidPerNode, forced, open, remaining },
    { upTo: ORDERS, paidPerNode: perNode, forced: 0, open: false, remaining: 0n },
  );
  const target = { address: chain.settings.exchange, abi: exchangeAbi, fromBlock: 0n } as const;
  const batches = await chain.client.getContractEvents({ ...target, eventName: "BatchCleared" });
  assert.equal(batches.length, 1);
  for (const { address } of stage.nodes) assert.equal((await readNode(chain, address))?.earned, perNode);
});
