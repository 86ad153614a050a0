// Measures the exchange: leases opened in batches by their consumers' signatures, then settled over each of its rungs.
import { artifacts } from "hardhat";
import {
  type Abi,
  type Address,
  concat,
  encodeFunctionData,
  type Hex,
  hexToBytes,
  keccak256,
  type LocalAccount,
  numberToHex,
  stringToHex,
} from "viem";
import { clearingOutcome, openingsOutcome, type SkippedPart } from "#chain/batch-outcome.ts";
import { claimOf } from "#protocol/claim.ts";
import { type ClearingEntry, clearingBatchOf, clearingNodes, encodeClearing } from "#protocol/clearing-batch.ts";
import type { CommitteeTerms } from "#protocol/committee-subject.ts";
import { digestOf as blobDigestOf } from "#protocol/digest.ts";
import { LIMITS } from "#protocol/limits.ts";
import { encodeOpenings } from "#protocol/opening-batch.ts";
import { nextVoucher, noteChecked, noteOrder, openPayerLedger } from "#protocol/payer-ledger.ts";
import { encodePublication, type PublishedResult, type PublishedRow } from "#protocol/publication.ts";
import type {
  JobOrder,
  LeaseTerms,
  OpenLease,
  Signed,
  SignedMessages,
  SignedType,
  Voucher,
} from "#protocol/signed-messages.ts";
import { compactSignature, leaseIdOf, signingHash } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import { bytes32ToDigest, type LeaseId, type NodeId } from "#protocol/units.ts";
import type { GasChain, Sent } from "./gas-chain.ts";
import { deployPeers, type Peers, stakeFor } from "./gas-peers.ts";

const GRACE_SECONDS = 3_600;
const LEASE_SECONDS = 86_400;
const FUNDS = 1_000_000_000n;
/** Base units; as many vault shares have six digits more. */
export const NODE_STAKE = FUNDS / 2n;
const PER_NODE = 1_000_000n;
const RECEIPTS = keccak256(stringToHex("receipts"));

export interface Cost {
  gas: number;
  bytes: number;
}

export interface Exchange {
  readonly chain: GasChain;
  readonly address: Address;
  readonly token: Address;
  readonly peers: Peers;
  readonly abi: Abi;
  /** Ascending by address, each of its own owner. */
  readonly nodes: readonly LocalAccount[];
  readonly session: LocalAccount;
}

function digestOf<Name extends SignedType>(exchange: Exchange, type: Name, message: SignedMessages[Name]): Hex {
  return signingHash(domainOf(exchange), type, message);
}

function domainOf({ chain, address }: Exchange): ExchangeDomain {
  return { chainId: chain.chainId, exchange: address };
}

/** The 64 bytes of EIP-2098. */
async function signCompact(account: LocalAccount, hash: Hex): Promise<Hex> {
  if (account.sign === undefined) throw new Error("An account of the benchmark cannot sign.");
  return compactSignature(await account.sign({ hash }));
}

function call(exchange: Exchange, functionName: string, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: exchange.abi, functionName, args: args as never });
}

function add(cost: Cost, ...sent: readonly Sent[]): void {
  for (const { gas, bytes } of sent) {
    cost.gas += gas;
    cost.bytes += bytes;
  }
}

/** Deploys the exchange with `nodeCount` staked nodes, each with something earned, as any node at work has. */
export async function deployExchange(chain: GasChain, nodeCount: number): Promise<Exchange> {
  const token = await chain.deploy((await artifacts.readArtifact("PaymentToken")).bytecode as Hex);
  const abi = (await artifacts.readArtifact("Exchange")).abi as Abi;
  const peers = await deployPeers(chain, token, GRACE_SECONDS);
  const { exchange: address, staking } = peers;
  const nodes = await chain.newAccounts(nodeCount, "node");
  nodes.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
  const [session] = await chain.newAccounts(1, "session");
  if (session === undefined) throw new Error("No session key.");
  const exchange = { chain, address, token, peers, abi, nodes, session };
  const owners = await chain.newAccounts(nodeCount, "owner of");
  const validUntil = BigInt((await chain.now()) + LEASE_SECONDS);
  for (const [i, node] of nodes.entries()) {
    const owner = owners[i] as LocalAccount;
    const message = { node: node.address, owner: owner.address, validUntil };
    const signature = await signCompact(node, digestOf(exchange, "NodeRegistration", message));
    await chain.send(owner, address, call(exchange, "registerNode", [node.address, validUntil, signature]));
    await stakeFor(chain, token, staking, { owner, node: node.address, amount: NODE_STAKE });
  }
  return exchange;
}

function targetOf({ address }: Exchange) {
  return { settings: { exchange: address } };
}

/** A batch that skips costs less than one that works: it must not be measured. */
function requireWhole(skipped: readonly SkippedPart[] | undefined): void {
  if (skipped?.length !== 0) throw new Error(`The batch was not carried out: ${skipped?.[0]?.refusal.message}`);
}

function committeeOf(exchange: Exchange, index: number, k: number): LocalAccount[] {
  const seats = Array.from({ length: k }, (_, j) => (index * k + j) % exchange.nodes.length).sort((a, b) => a - b);
  return seats.map((seat) => exchange.nodes[seat] as LocalAccount);
}

/** Opens `count` leases of as many consumers; a lone one is opened by its consumer itself. */
export async function openLeases(
  exchange: Exchange,
  label: string,
  count: number,
  k: number,
  choose: (wish: CommitteeTerms, index: number) => readonly Address[] | Promise<readonly Address[]> = (_, index) =>
    committeeOf(exchange, index, k).map((node) => node.address),
): Promise<[LeaseTerms[], Cost]> {
  const { chain, address } = exchange;
  const consumers = await chain.newAccounts(count, label);
  const expiry = (await chain.now()) + LEASE_SECONDS;
  const openings: Signed<OpenLease>[] = [];
  for (const [i, consumer] of consumers.entries()) {
    await chain.fundTokens(consumer, exchange.token, address, 2n * FUNDS);
    await chain.send(consumer, address, call(exchange, "deposit", [2n * FUNDS]));
    const salt = keccak256(stringToHex(`${label} ${i}`));
    const wish = { consumer: consumer.address, sessionKey: exchange.session.address, salt };
    const lease = { ...wish, nodes: await choose({ ...wish, size: k }, i) };
    const terms = { amount: FUNDS, expiry, validUntil: expiry };
    const message = { lease, ...terms };
    openings.push({ message, signature: await signCompact(consumer, digestOf(exchange, "OpenLease", message)) });
  }
  const leases = openings.map(({ message }) => message.lease);
  const cost = { gas: 0, bytes: 0 };
  if (count === 1) {
    add(
      cost,
      await chain.send(consumers[0] as LocalAccount, address, call(exchange, "open", [leases[0], FUNDS, expiry])),
    );
    return [leases, cost];
  }
  for (let from = 0; from < count; from += LIMITS.openingLeases) {
    const some = openings.slice(from, from + LIMITS.openingLeases);
    const sent = await chain.send(chain.owner, address, call(exchange, "openMany", [encodeOpenings(some)]));
    requireWhole(openingsOutcome(targetOf(exchange), sent.logs).skipped);
    add(cost, sent);
  }
  return [leases, cost];
}

/** One voucher for each lease, in as few clearings as fit. */
export async function clearLeases(exchange: Exchange, leases: readonly LeaseTerms[], upTo: number): Promise<Cost> {
  const cost = { gas: 0, bytes: 0 };
  for (let from = 0; from < leases.length; from += LIMITS.clearingLeases) {
    add(cost, await clearOnce(exchange, leases.slice(from, from + LIMITS.clearingLeases), upTo));
  }
  return cost;
}

async function clearOnce(exchange: Exchange, leases: readonly LeaseTerms[], upTo: number): Promise<Sent> {
  const { chain, session } = exchange;
  const entries: ClearingEntry[] = [];
  for (const terms of leases) {
    const message = voucherAfter(leaseIdOf(terms), upTo);
    entries.push({
      terms,
      voucher: { message, signature: await signCompact(session, digestOf(exchange, "Voucher", message)) },
    });
  }
  const clearing = { entries, receiptsRoot: RECEIPTS, validUntil: (await chain.now()) + LEASE_SECONDS };
  const digest = digestOf(exchange, "ClearingBatch", clearingBatchOf(clearing));
  const keys = new Map(exchange.nodes.map((node) => [node.address.toLowerCase(), node]));
  const signatures = new Map<NodeId, Hex>();
  for (const node of clearingNodes(entries)) {
    signatures.set(node, await signCompact(keys.get(node) as LocalAccount, digest));
  }
  const data = call(exchange, "clear", [encodeClearing(clearing, signatures)]);
  const sent = await chain.send(chain.owner, exchange.address, data);
  requireWhole(clearingOutcome(targetOf(exchange), sent.logs)?.skipped);
  return sent;
}

/** What a consumer signs once `jobs` orders are answered and checked. */
function voucherAfter(lease: LeaseId, jobs: number): Voucher {
  let ledger = openPayerLedger(lease);
  const price = PER_NODE / BigInt(jobs);
  for (let nonce = 1; nonce <= jobs; nonce++) {
    ledger = noteChecked(noteOrder(ledger, { nonce, maxPrice: price, forcibleUntil: 0 }), nonce, price);
  }
  const next = nextVoucher(ledger);
  if (next?.voucher.upTo !== jobs) throw new Error(`The consumer's ledger signs for ${next?.voucher.upTo} of ${jobs}.`);
  return next.voucher;
}

async function orderOf(exchange: Exchange, lease: LeaseTerms, nonce: number, deadline: number) {
  const order = {
    lease: leaseIdOf(lease),
    nonce,
    jobs: keccak256(numberToHex(nonce)),
    maxPrice: PER_NODE,
    forceFee: 1_000n,
    quorumBps: 5_001,
    deadline,
  };
  const orderId = digestOf(exchange, "JobOrder", order);
  return { order, orderId, signature: await signCompact(exchange.session, orderId) };
}

function signersOf(exchange: Exchange, lease: LeaseTerms): LocalAccount[] {
  return exchange.nodes.filter(({ address }) => lease.nodes.includes(address));
}

/** A result of one job whose response has `length` bytes, none of them zero. */
function resultOf(nonce: number, length: number): PublishedResult {
  const response = hexToBytes(keccak256(numberToHex(nonce))).map((byte) => byte || 1);
  const bytes = Uint8Array.from({ length }, (_, i) => response[i % response.length] as number);
  const usage = { fuel: 1_234_567_890n, memoryPages: 40, bytesIn: 300, bytesOut: length, events: 0 };
  const request = bytes32ToDigest(keccak256(numberToHex(nonce)));
  return { receipts: [{ request, outcome: "ok", response: blobDigestOf(bytes), usage }], responses: [bytes] };
}

/**
 * Rung 2: the consumer pays for none of `jobs` orders, and the committee claims them together.
 * @param publishedBytes of each order's response, where results are published
 */
export async function claimOrders(
  exchange: Exchange,
  lease: LeaseTerms,
  jobs: number,
  publishedBytes?: number,
): Promise<Cost> {
  const { chain } = exchange;
  const deadline = (await chain.now()) + 60;
  const claimed: { order: JobOrder; signature: Hex }[] = [];
  for (let nonce = 1; nonce <= jobs; nonce++) {
    const { order, signature } = await orderOf(exchange, lease, nonce, deadline);
    claimed.push({ order, signature });
  }
  const perNode = PER_NODE;
  const orders = claimed.map(({ order }) => order);
  const claim = claimOf(domainOf(exchange), { orders, receiptsRoot: RECEIPTS, perNode });
  const digest = digestOf(exchange, "Claim", claim);
  const signatures = await Promise.all(signersOf(exchange, lease).map((node) => signCompact(node, digest)));
  await chain.setTime(deadline + 1);
  const cost = { gas: 0, bytes: 0 };
  const data = call(exchange, "claim", [lease, claimed, RECEIPTS, perNode, signatures]);
  const rows = claimed.map(({ order: { nonce } }): PublishedRow => {
    return { kind: "result", result: resultOf(nonce, publishedBytes ?? 0) };
  });
  const sent = publishedBytes === undefined ? data : concat([data, encodePublication(rows)]);
  add(cost, await chain.send(chain.owner, exchange.address, sent));
  return cost;
}

/** Rung 3: one job, on which the last node of the committee disagrees, or, without dissent, the happy `settle`. */
export async function settleOrder(exchange: Exchange, lease: LeaseTerms, dissent: boolean): Promise<Cost> {
  const { chain } = exchange;
  const deadline = (await chain.now()) + 60;
  const { order, orderId, signature } = await orderOf(exchange, lease, 1, deadline);
  const signers = signersOf(exchange, lease);
  const attestations: Record<string, unknown>[] = [];
  for (const [i, node] of signers.entries()) {
    const lies = dissent && i === signers.length - 1;
    const resultHash = keccak256(stringToHex(lies ? "wrong" : "right"));
    const attestation = { node: node.address, resultHash, price: PER_NODE, commits: RECEIPTS };
    const digest = digestOf(exchange, "Attestation", { order: orderId, ...attestation });
    attestations.push({ ...attestation, signature: await signCompact(node, digest) });
  }
  if (dissent) await chain.setTime(deadline + 1);
  const cost = { gas: 0, bytes: 0 };
  const data = call(exchange, dissent ? "adjudicate" : "settle", [lease, order, signature, attestations]);
  add(cost, await chain.send(chain.owner, exchange.address, data));
  return cost;
}
