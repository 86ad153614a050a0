// A dispute from the lie to the punishment by whole nodes and nobody else: three of a drawn committee, a jury of all
// others, the real contracts and real HTTP among them. Only the runtime is a fake, which two nodes let lie.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { keccak256 } from "viem";
import { courtAbi } from "#chain/abi/court-abi.ts";
import { accuseCall } from "#chain/court-calls.ts";
import { JURY_SEATS } from "#chain/deployment-plan.ts";
import { readCase, readJurorKey } from "#chain/read-case.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import { httpCourtClient } from "#mesh/court-client.ts";
import { httpNodeClient } from "#mesh/node-client.ts";
import { nodeConfig } from "#node/config/node-config.ts";
import { exchangeView } from "#node/orders/exchange-view.ts";
import { type RunningNode, startNode } from "#node/start-node.ts";
import { exchangeClearings } from "#node/vouchers/exchange-clearings.ts";
import { blsSecretOf } from "#protocol/bls.ts";
import { digestOf } from "#protocol/digest.ts";
import type { LeaseTerms, Offer, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import { verdictSeats, voteOn } from "#protocol/verdict.ts";
import { toWire } from "#protocol/wire.ts";
import { JURY_GRACE_SECONDS, type JuryNode, type JuryStage, openJuryStage } from "../../chain/jury-stage.ts";
import { type Behaviour, fakeFoundation, TestClock } from "../fake-foundation.ts";
import { serveOrder } from "../served-order.ts";

const TOKEN = `0x${"70".repeat(32)}` as const;
const root = mkdtempSync(join(tmpdir(), "mimik-jury-"));
const clock = new TestClock();
const running = new Map<NodeId, RunningNode>();
const offers = new Map<NodeId, Signed<Offer>>();
let stage: JuryStage;
let market: Server;

before(async () => {
  stage = await openJuryStage();
  market = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader("content-type", "application/json");
    const row = (offer: Signed<Offer>) => ({ id: TOKEN, offer, receivedAt: 0 });
    if (request.method !== "POST") {
      return response.end(toWire({ rows: [...offers.values()].map(row), next: null }));
    }
    const posted = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url === "/v1/offers") offers.set(posted.message.node, posted);
    response.end(toWire(request.url === "/v1/offers" ? row(posted) : { cancelled: true }));
  });
  await new Promise<void>((resolve) => market.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  await Promise.all([...running.values()].map((node) => node[Symbol.asyncDispose]()));
  market.close();
  await stage[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

async function start({ id, key, secret, owner }: JuryNode, behaviour: Behaviour): Promise<RunningNode> {
  const { settings } = stage.local;
  const home = join(root, id);
  const config = nodeConfig({
    home,
    owner: owner.address,
    listen: { port: 0 },
    chain: { rpcUrl: settings.rpcUrl, chainId: settings.chainId, exchange: settings.exchange },
    marketplaces: [`http://127.0.0.1:${(market.address() as AddressInfo).port}`],
    slots: 1,
    logLevel: "silent",
    clearing: { coinPrice: "0", costShareBps: 10_000 },
  });
  const exchange = exchangeClearings({ settings, account: key, journalPath: join(home, "clearings.sqlite") });
  const hands = { rescues: exchange, court: exchange.court, juror: blsSecretOf(secret), now: clock.now };
  const base = fakeFoundation(exchangeView(settings), { key, behaviour, ...hands });
  const node = await startNode(config, async () => ({ ...base, close: async () => exchange[Symbol.asyncDispose]() }));
  running.set(id, node);
  return node;
}

function nodeOf(id: NodeId): JuryNode {
  return stage.nodes.get(id) ?? assert.fail(`no node ${id}`);
}

/** Both clocks, to that time at least. */
async function moveTo(time: number): Promise<void> {
  const now = await readTime(stage.chain);
  if (time > now) await stage.local.advance(time - now);
  clock.moveTo(time);
}

async function eventually(what: string, seconds: number, condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < seconds * 2; tries++) {
    if (await condition()) return;
    await sleep(500);
  }
  assert.fail(`not in time: ${what}`);
}

/** An order by the committee. */
function serve(terms: LeaseTerms, deadline: number) {
  const clients = terms.nodes.map((node) => httpNodeClient(running.get(node)?.url ?? assert.fail()));
  return serveOrder(stage, terms, clients, { maxPrice: 100_000n, deadline });
}

test("two liars accuse the honest third, which appeals: 31 nodes run the order again, and the liars lose a quarter", async () => {
  const { chain, local, consumer } = stage;
  const court = chain.contracts.court;
  const terms = await stage.drawnLease();
  const [first, second, honest] = terms.nodes as [NodeId, NodeId, NodeId];
  clock.moveTo(await readTime(chain));
  for (const node of stage.nodes.values())
    await start(node, node.id === first || node.id === second ? "lies" : "honest");
  await eventually("every node is registered and offers", 60, async () => {
    const keys = await Promise.all([...stage.nodes.keys()].map((id) => readJurorKey(chain, id)));
    return keys.every((key) => key !== undefined) && offers.size === stage.nodes.size;
  });

  const deadline = Math.max(clock.now(), await readTime(chain)) + 60;
  const { id, order, attestations } = await serve(terms, deadline);
  const right = attestations[2]?.message.resultHash ?? assert.fail();
  const url = running.get(honest)?.url ?? assert.fail();
  await assert.rejects(httpCourtClient(url).evidence(id), { code: "case-unknown" });
  await moveTo(deadline + 40);
  await local.send(consumer, accuseCall(chain, terms, order, attestations));
  await eventually("the honest node appeals", 60, async () => (await readCase(chain, id)) !== undefined);
  await local.mine(5);
  const evidence = () => httpCourtClient(url).evidence(id);
  // The node tells of the case once it has read of it itself.
  await eventually("the evidence is shown", 30, () => evidence().then(Boolean, () => false));
  const { blobs } = await evidence();
  const [blob = assert.fail()] = blobs;
  const stranger = `sha256:${"00".repeat(32)}` as typeof blob.digest;
  const shown = await httpCourtClient(url).blob(id, blob.digest, blob.size);
  assert.equal(digestOf(shown), blob.digest);
  await assert.rejects(httpCourtClient(url).blob(id, stranger, 1), { code: "case-unknown" });

  // The jurors' own time goes on by itself; their turns are what is waited for.
  const moving = setInterval(() => clock.moveTo(clock.now() + 5), 500);
  try {
    await eventually("a verdict", 240, async () => (await readCase(chain, id))?.state === "decided");
    const decided = (await readCase(chain, id)) ?? assert.fail();
    assert.equal(decided.resultHash, right);
    assert.ok(decided.signers.toString(2).replaceAll("0", "").length >= verdictSeats(JURY_SEATS));
    const paid = () =>
      chain.client.getContractEvents({ address: court, abi: courtAbi, eventName: "JurorPaid", fromBlock: 0n });
    await eventually("the jury is paid", 160, async () => (await paid()).length >= verdictSeats(JURY_SEATS));
  } finally {
    clearInterval(moving);
  }
  const stakes = await Promise.all(terms.nodes.map(async (node) => (await readNode(chain, node))?.stake ?? 0n));
  const whole = stakes[2] ?? 0n;
  assert.deepEqual(stakes, [(whole * 3n) / 4n, (whole * 3n) / 4n, whole]);
  assert.ok(clock.now() < deadline + 4 * JURY_GRACE_SECONDS);

  const stray = nodeOf(first);
  const { key, signature } = voteOn(blsSecretOf(stray.secret), { chainId: chain.settings.chainId, court }, id, right);
  const [juror] = [...running.keys()].filter((node) => !terms.nodes.includes(node));
  const asked = httpCourtClient(running.get(juror as NodeId)?.url ?? assert.fail());
  const vote = { node: stray.id, resultHash: right, key, signature };
  await assert.rejects(asked.exchangeVotes(id, vote), { code: "vote-refused" });
  assert.equal(await readJurorKey(chain, stray.id), keccak256(key));
});
