// A lie about a job, told by a majority, ends before a jury that runs the job again: real microservice, real runtime,
// real keys, real contracts, drawn committee and jury.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Hex, hexToBytes, keccak256, stringToHex } from "viem";
import { courtAbi } from "#chain/abi/court-abi.ts";
import { stakingAbi } from "#chain/abi/staking-abi.ts";
import { payJurorsCall } from "#chain/court-calls.ts";
import { JURY_PAY, JURY_SEATS } from "#chain/deployment-plan.ts";
import { readCase } from "#chain/read-case.ts";
import { digestOf } from "#protocol/digest.ts";
import { encodeRequest } from "#protocol/message.ts";
import { type JobSpec, jobsRoot, type Receipt, resultHash } from "#protocol/order.ts";
import type { Digest } from "#protocol/units.ts";
import { gatherVerdict, type JurorVote, verdictSeats, voteOn } from "#protocol/verdict.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { createRuntime, type Runtime } from "#runtime/runtime.ts";
import { createGasChain } from "#scripts/bench/gas-chain.ts";
import { deployExchange, NODE_STAKE } from "#scripts/bench/gas-exchange.ts";
import { scratchFolder } from "../runtime/image/image-fixture.ts";
import {
  type Court,
  decideCase,
  disputeOrder,
  openCase,
  openDrawnLease,
  prepareCourt,
  punishLiars,
} from "./gas-court.ts";

const SERVICE = `export default {
  async fetch(request) {
    const { numbers } = await request.json();
    return Response.json({ sum: numbers.reduce((sum, number) => sum + number, 0) });
  },
};`;

/** What a juror is given: the order's jobs and the blobs that they name. */
interface Work {
  readonly jobs: readonly JobSpec[];
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

async function makeWork(): Promise<Work> {
  await using folder = await scratchFolder({ "service.js": SERVICE });
  const packed = await packImage(`${folder.path}/service.js`);
  const blobs = new Map<Digest, Uint8Array>(packed.blobs);
  const jobs = [
    [1, 2, 3],
    [40, 2],
  ].map((numbers, index): JobSpec => {
    const body = Buffer.from(JSON.stringify({ numbers }));
    const request = encodeRequest({ method: "POST", url: `/${index}`, headers: [], body });
    blobs.set(digestOf(request), request);
    return {
      image: packed.digest,
      request: digestOf(request),
      virtualTimeMillis: 1_700_000_000_000,
      seed: keccak256(stringToHex(`seed ${index}`)),
      fuel: 1_000_000_000n,
      memoryPages: 1_024,
      responseBytes: 4_096,
    };
  });
  return { jobs, blobs };
}

/** Runs every job of the order and gives its receipts, as a node or a juror does. */
async function runWork(runtime: Runtime, { jobs, blobs }: Work): Promise<Receipt[]> {
  const blob = async (digest: Digest) => {
    const bytes = blobs.get(digest);
    assert.ok(bytes !== undefined && digestOf(bytes) === digest);
    return bytes;
  };
  const receipts: Receipt[] = [];
  for (const { image, request, virtualTimeMillis, seed, fuel, memoryPages, responseBytes } of jobs) {
    const { outcome, response, usage } = await runtime.run(await openImage(image, blob), {
      request: await blob(request),
      virtualTimeMillis,
      seed: hexToBytes(seed),
      limits: { fuel, memoryPages, responseBytes },
    });
    assert.equal(outcome, "ok");
    receipts.push({ request, outcome, response: digestOf(response), usage });
  }
  return receipts;
}

/** Each juror but the silent ones runs the work for itself and signs what it found. */
async function hearJury(
  court: Court,
  runtime: Runtime,
  work: Work,
  orderId: Hex,
  jury: readonly string[],
): Promise<(JurorVote | undefined)[]> {
  const votes: (JurorVote | undefined)[] = [];
  for (const [seat, node] of jury.entries()) {
    const secret = court.secrets.get(node);
    assert.ok(secret !== undefined, "every juror is a registered node");
    if (seat % 8 === 7) votes.push(undefined);
    else votes.push(voteOn(secret, court.domain, orderId, resultHash(await runWork(runtime, work))));
  }
  return votes;
}

/** Vault shares. */
async function stakesOf({ reader }: Court, nodes: readonly Hex[]): Promise<bigint[]> {
  const target = { address: reader.contracts.staking, abi: stakingAbi, functionName: "stakeOf" } as const;
  return Promise.all(
    nodes.map(async (node) => BigInt((await reader.client.readContract({ ...target, args: [node] })).staked)),
  );
}

test("a jury of 31 runs a disputed order again, and who padded the bill loses stake", async () => {
  const chain = await createGasChain();
  await using runtime = await createRuntime({ executors: 1, isolation: "process" });
  try {
    const exchange = await deployExchange(chain, JURY_SEATS + 4);
    const court = await prepareCourt(exchange);
    const lease = await openDrawnLease(court, "disputed");
    const work = await makeWork();
    const honest = await runWork(runtime, work);
    // Two nodes of the consumer's agree on the right answer and a bill with more fuel in it.
    const padded = honest.map((receipt) => ({
      ...receipt,
      usage: { ...receipt.usage, fuel: receipt.usage.fuel + 1n },
    }));
    const [right, wrong] = [resultHash(honest), resultHash(padded)];
    const dispute = await disputeOrder(court, lease, jobsRoot(work.jobs), [wrong, wrong, right]);

    const { jury } = await openCase(court, dispute);
    assert.equal(jury.length, JURY_SEATS);
    assert.ok(jury.every((node) => !dispute.terms.nodes.some((party) => party.toLowerCase() === node)));
    const votes = await hearJury(court, runtime, work, dispute.orderId, jury);
    const voices = votes.filter((vote) => vote !== undefined).length;
    assert.ok(voices > verdictSeats(JURY_SEATS) && voices < JURY_SEATS);
    assert.throws(() => gatherVerdict(court.domain, dispute.orderId, wrong, votes), { code: "verdict-too-weak" });
    await decideCase(court, dispute, right, votes);
    await punishLiars(court, dispute);
    const staked = NODE_STAKE * 1_000_000n;
    assert.deepEqual(await stakesOf(court, dispute.terms.nodes as Hex[]), [
      (staked * 3n) / 4n,
      (staked * 3n) / 4n,
      staked,
    ]);

    const decided = await readCase(court.reader, dispute.orderId);
    assert.equal(decided?.state, "decided");
    assert.equal(decided?.resultHash, right);
    assert.equal(decided?.pot, BigInt(voices) * JURY_PAY);
    const { to, data } = payJurorsCall(court.reader, dispute.orderId, jury, decided?.signers ?? 0n);
    const paid = await chain.send(chain.owner, to, data);
    const events = await chain.client.getContractEvents({
      address: court.address,
      abi: courtAbi,
      eventName: "JurorPaid",
    });
    assert.equal(paid.logs.length, 2 * voices);
    assert.deepEqual(
      events.map(({ args }) => [args.node?.toLowerCase(), args.shares]),
      jury.filter((_, seat) => votes[seat] !== undefined).map((node) => [node, JURY_PAY]),
    );
  } finally {
    await chain.close();
  }
});
