// A local chain with a committee of three and a consumer, and hands that sign for all of them: leases at any stage of
// their life, for the tests of every rung.
import { type Hex, type LocalAccount, numberToHex, type TransactionReceipt, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import * as calls from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readTime } from "#chain/read-time.ts";
import { type ClearingEntry, clearingBatchOf, encodeClearing } from "#protocol/clearing-batch.ts";
import { compareNodes } from "#protocol/order.ts";
import type { Attestation, JobOrder, LeaseTerms, OpenLease, Signed, Voucher } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import { type LocalChain, startLocalChain } from "./local-chain.ts";

export const GRACE_SECONDS = 100;
export const LEASE_SECONDS = 1_000;
export const LEASE_FUNDS = 10_000n;
export const RECEIPTS: Hex = `0x${"77".repeat(32)}`;

export interface LeaseStage extends AsyncDisposable {
  readonly local: LocalChain;
  readonly chain: Chain;
  readonly consumer: LocalAccount;
  readonly session: LocalAccount;
  /** Ascending, each of its own owner. */
  readonly nodes: readonly LocalAccount[];
  /** Terms that no lease had before. */
  newTerms(): LeaseTerms;
  /** Sends by the consumer; throws as a lane does. */
  send(call: calls.ContractCall): Promise<TransactionReceipt>;
  signOpening(terms: LeaseTerms, expiry: number): Promise<Signed<OpenLease>>;
  signOrder(terms: LeaseTerms, fields: Partial<JobOrder>): Promise<Signed<JobOrder>>;
  /** By every node in turn, for the result that stands at its place. */
  attest(order: JobOrder, results: readonly Hex[]): Promise<Signed<Attestation>[]>;
  signVoucher(terms: LeaseTerms, fields: Partial<Voucher>): Promise<ClearingEntry>;
  /** The clearing's calldata, signed by all nodes but those in `silent`. */
  pack(entries: readonly ClearingEntry[], silent?: readonly LocalAccount[]): Promise<Hex>;
}

/** @param nodeCount at most 15: each has one of the development accounts as its owner */
export async function openLeaseStage(nodeCount = 3): Promise<LeaseStage> {
  const local = await startLocalChain({ graceSeconds: GRACE_SECONDS });
  const chain = await connectChain(local.settings);
  const consumer = local.accounts[0] as LocalAccount;
  const session = privateKeyToAccount(generatePrivateKey());
  const nodes = Array.from({ length: nodeCount }, () => privateKeyToAccount(generatePrivateKey()));
  nodes.sort((a, b) => compareNodes(a.address, b.address));
  for (const [i, node] of nodes.entries()) {
    const owner = local.accounts[1 + i] as LocalAccount;
    const message = { node: node.address, owner: owner.address, validUntil: 2n ** 40n };
    await local.send(
      owner,
      calls.registerNodeCall(chain, await signMessage(node, chain.domain, "NodeRegistration", message)),
    );
  }
  await local.fund(consumer, 1_000_000_000n);
  let leases = 0;
  return {
    local,
    chain,
    consumer,
    session,
    nodes,
    newTerms: () => ({
      consumer: consumer.address,
      sessionKey: session.address,
      salt: numberToHex(++leases, { size: 32 }),
      nodes: nodes.map(({ address }) => address),
    }),
    send: async (call) => {
      const hash = await asChainCall(local.rpcUrl, call.name, () => local.send(consumer, call));
      return chain.client.getTransactionReceipt({ hash });
    },
    ...signatures({ chain, consumer, session, nodes }),
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

type Signatures = Pick<LeaseStage, "signOpening" | "signOrder" | "attest" | "signVoucher" | "pack">;

function signatures({ chain, consumer, session, nodes }: Pick<LeaseStage, "chain" | "consumer" | "session" | "nodes">) {
  const { domain } = chain;
  const signed: Signatures = {
    signOpening: (lease, expiry) => {
      const message = { lease, amount: LEASE_FUNDS, expiry, validUntil: expiry };
      return signMessage(consumer, domain, "OpenLease", message);
    },
    signOrder: async (terms, fields) => {
      const deadline = (await readTime(chain)) + 10;
      const price = { maxPrice: 100n, forceFee: 1n, quorumBps: 6_000 };
      const message = { lease: leaseIdOf(terms), nonce: 1, jobs: zeroHash, ...price, deadline, ...fields };
      return signMessage(session, domain, "JobOrder", message);
    },
    attest: (order, results) => {
      const id = signingHash(domain, "JobOrder", order);
      const signing = results.map((resultHash, i) => {
        const node = nodes[i] as LocalAccount;
        const message = { order: id, node: node.address, resultHash, price: 50n, commits: zeroHash };
        return signMessage(node, domain, "Attestation", message);
      });
      return Promise.all(signing);
    },
    signVoucher: async (terms, fields) => {
      const message = { lease: leaseIdOf(terms), perNode: 10n, upTo: 0, forced: 0, last: false, ...fields };
      return { terms, voucher: await signMessage(session, domain, "Voucher", message) };
    },
    pack: async (entries, silent = []) => {
      const clearing = { entries, receiptsRoot: RECEIPTS, validUntil: (await readTime(chain)) + 100_000 };
      const message = clearingBatchOf(clearing);
      const signing = nodes
        .filter((node) => !silent.includes(node))
        .map(
          async (node) =>
            [node.address, (await signMessage(node, domain, "ClearingBatch", message)).signature] as const,
        );
      return encodeClearing(clearing, new Map(await Promise.all(signing)));
    },
  };
  return signed;
}
