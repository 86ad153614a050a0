// Measures the court: the appeal of a disputed order, its jury's verdict, and what that takes from the losers. Stakes,
// draws and vault are the fakes of the contracts' tests, so a real draw's gas comes on top.
import { readFile } from "node:fs/promises";
import { artifacts } from "hardhat";
import { type Abi, type Address, encodeDeployData, encodeFunctionData, type Hex, type LocalAccount } from "viem";
import { appealCall, decideCall, proveEquivocationCall, punishCall, registerJurorCall } from "#chain/court-calls.ts";
import { readCase, readJury } from "#chain/read-case.ts";
import { type BlsSecret, blsSecretOf } from "#protocol/bls.ts";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type CourtDomain, gatherVerdict, type JurorVote, proveJurorKey, voteOn } from "#protocol/verdict.ts";
import { runHardhat } from "../run-hardhat.ts";
import { type GasChain, keyOf, type Sent } from "./gas-chain.ts";
import type { Exchange } from "./gas-exchange.ts";

export const JURY_SEATS = 31;
export const JURY_PAY = 1_000_000n;
export const STAKE = 4_000_000_000n;
const ORDER_SECONDS = 60;
const FAKES = ["FakeVault", "FakeDraws", "FakeStaking", "EcdsaVerdict"] as const;
type Fake = (typeof FAKES)[number];

export interface Court {
  readonly exchange: Exchange;
  readonly address: Address;
  readonly domain: CourtDomain;
  readonly contracts: Readonly<Record<Fake, Contract>>;
  /** The BLS secret of every node, by its address in lower case. */
  readonly secrets: ReadonlyMap<string, BlsSecret>;
}

interface Contract {
  readonly address: Address;
  readonly abi: Abi;
}

/** An order with attestations that differ. */
export interface Dispute {
  readonly terms: LeaseTerms;
  readonly order: Signed<JobOrder>;
  readonly orderId: Hex;
  readonly attestations: readonly Signed<Attestation>[];
}

/** The court over `exchange`, with every node of it staked and registered as a juror. */
export async function deployCourt(exchange: Exchange): Promise<Court> {
  const { chain, nodes } = exchange;
  const built = await runHardhat(["build", "--quiet", ...FAKES.map((name) => `test/contracts/${name}.sol`)]);
  if (!built.ok) throw new Error(built.output);
  const vault = await deployFake(chain, "FakeVault", []);
  const draws = await deployFake(chain, "FakeDraws", []);
  const staking = await deployFake(chain, "FakeStaking", [exchange.address, vault.address]);
  const { abi, bytecode } = await artifacts.readArtifact("Court");
  const parts = [exchange.address, staking.address, draws.address, vault.address];
  const args = [...parts, BigInt(JURY_SEATS), JURY_PAY];
  const address = await chain.deploy(encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args }));
  const ecdsa = await deployFake(chain, "EcdsaVerdict", [address]);
  await send(chain, staking, "setCourt", [address]);

  const domain = { chainId: chain.chainId, court: address };
  const secrets = new Map<string, BlsSecret>();
  for (const [index, node] of (await chain.newAccounts(nodes.length, "node")).entries()) {
    const secret = blsSecretOf(keyOf("node", index));
    secrets.set(node.address.toLowerCase(), secret);
    await send(chain, staking, "setStake", [node.address, STAKE, 0n]);
    const { to, data } = registerJurorCall(address, proveJurorKey(secret, domain, node.address));
    await chain.send(node, to, data);
  }
  const contracts = { FakeVault: vault, FakeDraws: draws, FakeStaking: staking, EcdsaVerdict: ecdsa };
  return { exchange, address, domain, contracts, secrets };
}

/** An order of `jobs` in a drawn lease; `results` has what each node of the committee says it gives. */
export async function disputeOrder(
  court: Court,
  terms: LeaseTerms,
  jobs: Hex,
  results: readonly Hex[],
): Promise<Dispute> {
  const { exchange, contracts } = court;
  const { chain, session } = exchange;
  await send(chain, contracts.FakeDraws, "setDrawn", [leaseIdOf(terms)]);
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
  const signers = exchange.nodes.filter(({ address }) => terms.nodes.includes(address));
  const attestations: Signed<Attestation>[] = [];
  for (const [seat, node] of signers.entries()) {
    const message = { order: orderId, node: node.address, resultHash: results[seat] ?? orderId, price: 1n };
    attestations.push(await signMessage(node, domain, "Attestation", { ...message, commits: orderId }));
  }
  await chain.setTime(order.message.deadline + 1);
  return { terms, order, orderId, attestations };
}

/** Appeals as the last node that attested, and draws the jury by `randomness`. */
export async function openCase(
  court: Court,
  dispute: Dispute,
  randomness: Hex,
): Promise<{ sent: Sent; jury: readonly NodeId[] }> {
  const { exchange, contracts, address } = court;
  const { chain } = exchange;
  const { terms, order, orderId, attestations } = dispute;
  const appellant = exchange.nodes.findLast((node) => terms.nodes.includes(node.address)) as LocalAccount;
  const { to, data } = appealCall(address, terms, order, attestations);
  const sent = await chain.send(appellant, to, data);
  const reader = { client: chain.client, settings: { rpcUrl: "http://in.process" } };
  const opened = await readCase(reader, address, orderId);
  if (opened?.state !== "open") throw new Error(`The case is ${opened?.state}.`);
  await send(chain, contracts.FakeDraws, "setRandomness", [opened.subject, randomness]);
  return { sent, jury: await readJury(reader, address, terms, order.message) };
}

/** Hands in what those jurors say who voted; `votes` in seat order. */
export function decideCase(
  { exchange: { chain }, address, domain }: Court,
  { terms, order, orderId }: Dispute,
  resultHash: Hex,
  votes: readonly (JurorVote | undefined)[],
): Promise<Sent> {
  const { to, data } = decideCall(address, terms, order.message, gatherVerdict(domain, orderId, resultHash, votes));
  return chain.send(chain.owner, to, data);
}

export function punishLiars({ exchange: { chain }, address }: Court, dispute: Dispute): Promise<Sent> {
  const { to, data } = punishCall(address, dispute.terms, dispute.order, dispute.attestations);
  return chain.send(chain.owner, to, data);
}

/** The first node of the dispute also signed `resultHash`. */
export async function proveLie(court: Court, { orderId, attestations }: Dispute, resultHash: Hex): Promise<Sent> {
  const { chain, address, nodes } = court.exchange;
  const [first] = attestations;
  const node = nodes.find((account) => account.address === first?.message.node);
  if (first === undefined || node === undefined) throw new Error("Nobody attested.");
  const domain = { chainId: chain.chainId, exchange: address };
  const second = await signMessage(node, domain, "Attestation", { ...first.message, resultHash });
  const { to, data } = proveEquivocationCall(court.address, orderId, first, second);
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

export function send(chain: GasChain, { address, abi }: Contract, name: string, args: readonly unknown[]) {
  return chain.send(chain.owner, address, encodeFunctionData({ abi, functionName: name, args }));
}

async function deployFake(chain: GasChain, name: Fake, args: readonly unknown[]): Promise<Contract> {
  const path = new URL(`../../artifacts/test/contracts/${name}.sol/${name}.json`, import.meta.url);
  const { abi, bytecode } = JSON.parse(await readFile(path, "utf8")) as { abi: Abi; bytecode: Hex };
  return { address: await chain.deploy(encodeDeployData({ abi, bytecode, args })), abi };
}
