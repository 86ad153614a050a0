// Measures the court: the appeal of a disputed order in a drawn lease, its jury's verdict, and what that takes from the
// losers.
import { type Address, encodeFunctionData, type Hex, isAddressEqual, type LocalAccount } from "viem";
import { courtAbi } from "#chain/abi/court-abi.ts";
import { readHeader } from "#chain/block-header.ts";
import type { ContractCall } from "#chain/calls.ts";
import type { Chain } from "#chain/connect.ts";
import { appealCall, decideCall, proveEquivocationCall, punishCall, registerJurorCall } from "#chain/court-calls.ts";
import { DRAW_PRICE } from "#chain/deployment-plan.ts";
import { proveCommitteeCall, recordBeaconCall, requestDrawCall } from "#chain/draw-calls.ts";
import { readCase, readJury } from "#chain/read-case.ts";
import { readDraw, readDrawnCommittee } from "#chain/read-draw.ts";
import { type BlsSecret, blsSecretOf } from "#protocol/bls.ts";
import { committeeSubject } from "#protocol/committee-subject.ts";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type CourtDomain, gatherVerdict, type JurorVote, proveJurorKey, voteOn } from "#protocol/verdict.ts";
import { type GasChain, keyOf, type Sent } from "#scripts/bench/gas-chain.ts";
import { type Exchange, openLeases } from "#scripts/bench/gas-exchange.ts";
import { DRAW_DELAY } from "#scripts/bench/gas-peers.ts";

const ORDER_SECONDS = 60;
const SIZE = 3;

export interface Court {
  readonly exchange: Exchange;
  readonly address: Address;
  readonly domain: CourtDomain;
  /** What reads of the chain take. */
  readonly reader: Chain;
  /** The BLS secret of every node, by its address in lower case. */
  readonly secrets: ReadonlyMap<string, BlsSecret>;
}

/** An order with attestations that differ. */
export interface Dispute {
  readonly terms: LeaseTerms;
  readonly order: Signed<JobOrder>;
  readonly orderId: Hex;
  readonly attestations: readonly Signed<Attestation>[];
}

/** The court of `exchange`, with every node of it registered as a juror. */
export async function prepareCourt(exchange: Exchange): Promise<Court> {
  const { chain, nodes, peers } = exchange;
  const address = peers.court;
  const domain = { chainId: chain.chainId, court: address };
  const settings = { rpcUrl: "http://in.process" };
  const reader = { client: chain.client, settings, contracts: peers } as unknown as Chain;
  const secrets = new Map<string, BlsSecret>();
  for (const [index, node] of (await chain.newAccounts(nodes.length, "node")).entries()) {
    const secret = blsSecretOf(keyOf("node", index));
    secrets.set(node.address.toLowerCase(), secret);
    const { to, data } = registerJurorCall(reader, proveJurorKey(secret, domain, node.address));
    await chain.send(node, to, data);
  }
  return { exchange, address, domain, reader, secrets };
}

/** A lease whose committee the chain drew, and knows for drawn. */
export async function openDrawnLease(court: Court, label: string): Promise<LeaseTerms> {
  const { exchange, reader } = court;
  const { chain } = exchange;
  const [[terms]] = await openLeases(exchange, label, 1, SIZE, async (wish) => {
    const subject = committeeSubject(wish);
    await chain.fundTokens(chain.owner, exchange.token, reader.contracts.draws, DRAW_PRICE);
    await send(chain, requestDrawCall(reader, subject));
    await recordBeacon(court, subject);
    return readDrawnCommittee(reader, wish);
  });
  if (terms === undefined) throw new Error("No lease was opened.");
  await send(chain, proveCommitteeCall(reader, terms));
  return terms;
}

/** Lets the beacon's block come and records its randomness. */
async function recordBeacon({ exchange: { chain }, reader }: Court, subject: Hex): Promise<void> {
  const { beaconBlock } = (await readDraw(reader, subject)) ?? {};
  if (beaconBlock === undefined) throw new Error("Nobody asked for the draw.");
  await chain.mine(DRAW_DELAY);
  const header = await readHeader(reader, beaconBlock);
  if (header === undefined) throw new Error(`Block ${beaconBlock} is not there.`);
  await send(chain, recordBeaconCall(reader, header));
}

/** An order of `jobs` in a drawn lease; `results` has what each node of the committee says it gives. */
export async function disputeOrder(
  court: Court,
  terms: LeaseTerms,
  jobs: Hex,
  results: readonly Hex[],
): Promise<Dispute> {
  const { exchange } = court;
  const { chain, session } = exchange;
  const domain = { chainId: chain.chainId, exchange: exchange.address };
  const order = await signMessage(session, domain, "JobOrder", {
    lease: leaseIdOf(terms),
    nonce: 1,
    jobs,
    maxPrice: 1_000_000n,
    forceFee: 1_000n,
    quorumBps: 5_001,
    deadline: (await chain.now()) + ORDER_SECONDS,
  });
  const orderId = signingHash(domain, "JobOrder", order.message);
  const signers = exchange.nodes.filter(({ address }) => isSeated(terms, address));
  const attestations: Signed<Attestation>[] = [];
  for (const [seat, node] of signers.entries()) {
    const message = { order: orderId, node: node.address, resultHash: results[seat] ?? orderId, price: 1n };
    attestations.push(await signMessage(node, domain, "Attestation", { ...message, commits: orderId }));
  }
  await chain.setTime(order.message.deadline + 1);
  return { terms, order, orderId, attestations };
}

/** Appeals as the last node that attested, and draws the jury. */
export async function openCase(court: Court, dispute: Dispute): Promise<{ sent: Sent; jury: readonly NodeId[] }> {
  const { exchange, reader } = court;
  const { terms, order, orderId, attestations } = dispute;
  const appellant = exchange.nodes.findLast((node) => isSeated(terms, node.address)) as LocalAccount;
  const { to, data } = appealCall(reader, terms, order, attestations);
  const sent = await exchange.chain.send(appellant, to, data);
  const opened = await readCase(reader, orderId);
  if (opened?.state !== "open") throw new Error(`The case is ${opened?.state}.`);
  await recordBeacon(court, opened.subject);
  return { sent, jury: await readJury(reader, terms, order.message) };
}

function isSeated({ nodes }: LeaseTerms, address: Address): boolean {
  return nodes.some((node) => isAddressEqual(node, address));
}

/** Hands in what those jurors say who voted; `votes` in seat order. */
export function decideCase(
  { exchange: { chain }, reader, domain }: Court,
  { terms, order, orderId }: Dispute,
  resultHash: Hex,
  votes: readonly (JurorVote | undefined)[],
): Promise<Sent> {
  const { to, data } = decideCall(reader, terms, order.message, gatherVerdict(domain, orderId, resultHash, votes));
  return chain.send(chain.owner, to, data);
}

/**
 * The gas of a transaction that draws the jury of an open case and does nothing else. Which tickets a draw looks at, the
 * hashes of the blocks say, and these change with the code of any contract.
 */
export async function juryGas({ exchange: { chain }, address }: Court, { terms, order }: Dispute): Promise<number> {
  const data = encodeFunctionData({ abi: courtAbi, functionName: "juryOf", args: [terms, order.message] });
  return (await chain.send(chain.owner, address, data)).gas;
}

export function punishLiars({ exchange: { chain }, reader }: Court, dispute: Dispute): Promise<Sent> {
  const { to, data } = punishCall(reader, dispute.terms, dispute.order, dispute.attestations);
  return chain.send(chain.owner, to, data);
}

/** The first node of the dispute also signed `resultHash`. */
export async function proveLie(court: Court, { orderId, attestations }: Dispute, resultHash: Hex): Promise<Sent> {
  const { chain, address, nodes } = court.exchange;
  const [first] = attestations;
  const node = first && nodes.find((account) => isAddressEqual(account.address, first.message.node));
  if (first === undefined || node === undefined) throw new Error("Nobody attested.");
  const domain = { chainId: chain.chainId, exchange: address };
  const second = await signMessage(node, domain, "Attestation", { ...first.message, resultHash });
  const { to, data } = proveEquivocationCall(court.reader, orderId, first, second);
  return chain.send(chain.owner, to, data);
}

/** The votes of the first `count` jurors. */
export function votesOf(
  { secrets, domain }: Court,
  { orderId }: Dispute,
  jury: readonly NodeId[],
  count: number,
  resultHash: Hex,
): (JurorVote | undefined)[] {
  return jury.map((node, seat) => {
    const secret = secrets.get(node);
    return secret === undefined || seat >= count ? undefined : voteOn(secret, domain, orderId, resultHash);
  });
}

function send(chain: GasChain, { to, data }: ContractCall): Promise<Sent> {
  return chain.send(chain.owner, to, data);
}
