// An order that whole nodes run and attest, as a consumer has them do it; for tests in which it is then not paid, or
// paid in another way.
import assert from "node:assert/strict";
import type { Hex, LocalAccount } from "viem";
import type { NodeClient } from "#mesh/node-client.ts";
import type { RunningNode } from "#node/start-node.ts";
import { digestOf } from "#protocol/digest.ts";
import { encodeRequest } from "#protocol/message.ts";
import { jobsRoot } from "#protocol/order.ts";
import type { Attestation, JobOrder, LeaseTerms, Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import { RATES } from "./order-fixture.ts";

const TOKEN: Hex = `0x${"70".repeat(32)}`;

/** What signs and names an order: a stage of test/chain. */
interface Signing {
  readonly chain: { readonly domain: ExchangeDomain };
  signOrder(terms: LeaseTerms, fields: Partial<JobOrder>): Promise<Signed<JobOrder>>;
}

export interface ServedOrder {
  readonly id: Hex;
  readonly order: Signed<JobOrder>;
  /** In the order of the clients. */
  readonly attestations: readonly Signed<Attestation>[];
}

/** One order of one job by the nodes of `clients`; its request is another one for each nonce. */
export async function serveOrder(
  stage: Signing,
  terms: LeaseTerms,
  clients: readonly NodeClient[],
  fields: Partial<JobOrder>,
  offers?: Signed<Offer>[],
): Promise<ServedOrder> {
  const image = new TextEncoder().encode("image");
  const request = encodeRequest({ method: "POST", url: `/${fields.nonce ?? 1}`, headers: [], body: image });
  const blobs = new Map([image, request].map((bytes) => [digestOf(bytes), bytes]));
  const limits = { fuel: 1_000_000n, memoryPages: 16, responseBytes: 4_096 };
  const hashes = { image: digestOf(image), request: digestOf(request), seed: TOKEN };
  const jobs = [{ ...hashes, ...limits, virtualTimeMillis: 1_700_000_000_000 }];
  const order = await stage.signOrder(terms, { ...fields, jobs: jobsRoot(jobs) });
  const id = signingHash(stage.chain.domain, "JobOrder", order.message);
  const sizes = [...blobs].map(([digest, bytes]) => ({ digest, size: bytes.length }));
  const submission = { lease: terms, order, jobs, blobs: sizes, token: TOKEN, ...(offers && { offers }) };
  const commitments = await Promise.all(
    clients.map(async (client) => {
      let status = await client.submitOrder(submission);
      for (const digest of status.missing) await client.sendBlob(id, TOKEN, digest, blobs.get(digest) as Uint8Array);
      while (!status.commitment) status = await client.orderStatus(id, TOKEN, { after: status.state, waitSeconds: 5 });
      return status.commitment;
    }),
  );
  const opened = await Promise.all(clients.map((client) => client.sendCommitments(id, TOKEN, { commitments })));
  return { id, order, attestations: opened.map(({ attestation }) => attestation ?? assert.fail("no attestation")) };
}

/** Where a running node is, as it signs it in its offers. */
export function offerOf(domain: ExchangeDomain, key: LocalAccount, running: RunningNode): Promise<Signed<Offer>> {
  const { node, owner, url } = running;
  const can = { runtime: "r", isolation: "process", scopes: [], slots: 1, memoryPages: 1, rates: RATES } as const;
  const message = { node, owner, endpoint: url, ...can, sequence: 1n, validFrom: 0, validUntil: 2 ** 40 - 1 };
  return signMessage(key, domain, "Offer", message);
}
