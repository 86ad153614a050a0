// Signed leases, orders and submissions for tests of the node, with keys of their own.
import { randomBytes } from "node:crypto";
import { type Hex, type LocalAccount, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { digestOf } from "#protocol/digest.ts";
import { encodeRequest } from "#protocol/message.ts";
import type { OrderSubmission } from "#protocol/node-api.ts";
import { type JobSpec, jobsRoot } from "#protocol/order.ts";
import type { JobOrder } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { Digest, NodeId } from "#protocol/units.ts";

export const DOMAIN = { chainId: 31_337, exchange: "0x00000000000000000000000000000000000000e5" } as const;
/** Who owns every node of the tests. */
export const OWNER = "0x00000000000000000000000000000000000000aa";
export const RATES = { job: 100n, fuel: 500n, memory: 100n, bytes: 100n, events: 100n };
const UTF8 = new TextEncoder();

export function newKey(): LocalAccount {
  return privateKeyToAccount(generatePrivateKey());
}

export function unixNow(): number {
  return Math.floor(Date.now() / 1_000);
}

/** An order with everything that a node needs for it. */
export interface TestOrder {
  readonly id: Hex;
  readonly lease: Hex;
  readonly submission: OrderSubmission;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

export interface OrderOptions {
  readonly nodes: readonly NodeId[];
  readonly sessionKey?: LocalAccount;
  readonly jobs?: number;
  readonly message?: Partial<JobOrder>;
  readonly salt?: Hex;
}

/** A signed order of `jobs` jobs, one image, a request for each; due in 60 s unless told. */
export async function makeOrder({
  nodes,
  sessionKey = newKey(),
  jobs = 1,
  message,
  salt,
}: OrderOptions): Promise<TestOrder> {
  // Bytes of their own, so that no order finds another one's here already.
  const leaseSalt = salt ?? toHex(randomBytes(32));
  const image = UTF8.encode(`image ${leaseSalt}`);
  const requests = Array.from({ length: jobs }, (_, index) =>
    encodeRequest({
      method: "POST",
      url: `/job/${index}`,
      headers: [],
      body: UTF8.encode(`input ${index} ${leaseSalt}`),
    }),
  );
  const specs = requests.map((request) => specOf(digestOf(image), digestOf(request)));
  const lease = {
    consumer: "0x00000000000000000000000000000000000000c0" as const,
    sessionKey: sessionKey.address.toLowerCase() as NodeId,
    salt: leaseSalt,
    nodes: nodes.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
  };
  const order = {
    lease: leaseIdOf(lease),
    nonce: 1,
    jobs: jobsRoot(specs),
    maxPrice: 1_000_000n,
    forceFee: 0n,
    quorumBps: 6_666,
    deadline: unixNow() + 60,
    ...message,
  };
  const blobs = new Map([image, ...requests].map((bytes) => [digestOf(bytes), bytes]));
  const submission = {
    lease,
    order: await signMessage(sessionKey, DOMAIN, "JobOrder", order),
    jobs: specs,
    blobs: [...blobs].map(([digest, bytes]) => ({ digest, size: bytes.length })),
    token: toHex(randomBytes(32)),
  };
  return { id: signingHash(DOMAIN, "JobOrder", order), lease: order.lease, submission, blobs };
}

function specOf(image: Digest, request: Digest): JobSpec {
  const seed: Hex = `0x${"5e".repeat(32)}`;
  return {
    image,
    request,
    virtualTimeMillis: 1_700_000_000_000,
    seed,
    fuel: 1_000_000n,
    memoryPages: 16,
    responseBytes: 4_096,
  };
}
