// A local chain with enough staked nodes for a jury, and hands for a dispute in a lease whose committee was drawn.
import assert from "node:assert/strict";
import { type Hex, type LocalAccount, numberToHex, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { readHeader } from "#chain/block-header.ts";
import * as calls from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { DEVELOPMENT_DRAW_DELAY } from "#chain/deploy.ts";
import { JURY_SEATS } from "#chain/deployment-plan.ts";
import { proveCommitteeCall, recordBeaconCall } from "#chain/draw-calls.ts";
import { readDraw, readDrawnCommittee } from "#chain/read-draw.ts";
import { readTime } from "#chain/read-time.ts";
import { committeeSubject } from "#protocol/committee-subject.ts";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type LocalChain, startLocalChain } from "./local-chain.ts";

export const COMMITTEE_SEATS = 3;
export const JURY_GRACE_SECONDS = 1_000;
const TICKET = 100_000_000n;

export interface JuryNode {
  readonly id: NodeId;
  readonly secret: Hex;
  readonly key: LocalAccount;
  readonly owner: LocalAccount;
}

export interface JuryStage extends AsyncDisposable {
  readonly local: LocalChain;
  readonly chain: Chain;
  readonly consumer: LocalAccount;
  readonly session: LocalAccount;
  readonly nodes: ReadonlyMap<NodeId, JuryNode>;
  /** An open lease of a drawn committee. */
  drawnLease(): Promise<LeaseTerms>;
  signOrder(terms: LeaseTerms, fields: Partial<JobOrder>): Promise<Signed<JobOrder>>;
  /** By the committee's nodes in turn, for the result at each one's place. */
  attest(terms: LeaseTerms, order: JobOrder, results: readonly Hex[]): Promise<Signed<Attestation>[]>;
  /** Makes the beacon of the subject's draw past, and records it. */
  recordBeacon(subject: Hex): Promise<void>;
}

/** As many nodes as a jury and a committee need, each of its own owner, staked alike and with coins for gas. */
export async function openJuryStage(): Promise<JuryStage> {
  const local = await startLocalChain({ graceSeconds: JURY_GRACE_SECONDS });
  const chain = await connectChain(local.settings);
  const [consumer, deployer] = [local.accounts[0] as LocalAccount, local.accounts.at(-1) as LocalAccount];
  const session = privateKeyToAccount(generatePrivateKey());
  const nodes = new Map<NodeId, JuryNode>();
  for (let i = 0; i < JURY_SEATS + COMMITTEE_SEATS; i++) {
    const node = await stakeNode(local, chain);
    nodes.set(node.id, node);
  }
  await local.fund(consumer, 1_000_000_000n);
  let leases = 0;
  const recordBeacon = async (subject: Hex) => {
    const draw = await readDraw(chain, subject);
    await local.mine(DEVELOPMENT_DRAW_DELAY);
    await local.send(deployer, recordBeaconCall(chain, (await readHeader(chain, draw?.beaconBlock ?? 0)) as Hex));
  };
  return {
    ...{ local, chain, consumer, session, nodes, recordBeacon },
    drawnLease: async () => {
      const salt = numberToHex(++leases, { size: 32 });
      const committee = { consumer: consumer.address, sessionKey: session.address, salt, size: COMMITTEE_SEATS };
      await local.requestDraw(consumer, committeeSubject(committee));
      await recordBeacon(committeeSubject(committee));
      const terms = {
        consumer: consumer.address.toLowerCase() as NodeId,
        sessionKey: session.address.toLowerCase() as NodeId,
        salt,
        nodes: await readDrawnCommittee(chain, committee),
      };
      await local.send(consumer, calls.openLeaseCall(chain, terms, 10_000_000n, (await readTime(chain)) + 50_000));
      await local.send(consumer, proveCommitteeCall(chain, terms));
      return terms;
    },
    signOrder: async (terms, fields) => {
      const deadline = (await readTime(chain)) + 10;
      const price = { maxPrice: 1_000n, forceFee: 0n, quorumBps: 6_000 };
      const message = { lease: leaseIdOf(terms), nonce: 1, jobs: zeroHash, ...price, deadline, ...fields };
      return signMessage(session, chain.domain, "JobOrder", message);
    },
    attest: (terms, order, results) => {
      const id = signingHash(chain.domain, "JobOrder", order);
      const signing = terms.nodes.map((node, i) => {
        const { key } = nodes.get(node) ?? assert.fail("a stranger in the committee");
        const message = { order: id, node, resultHash: results[i] ?? zeroHash, price: 50n, commits: zeroHash };
        return signMessage(key, chain.domain, "Attestation", message);
      });
      return Promise.all(signing);
    },
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

async function stakeNode(local: LocalChain, chain: Chain): Promise<JuryNode> {
  const secret = generatePrivateKey();
  const [key, owner] = [privateKeyToAccount(secret), privateKeyToAccount(generatePrivateKey())];
  for (const { address } of [key, owner]) {
    await local.rpc("hardhat_setBalance", [address, numberToHex(10n ** 20n)]);
  }
  const message = { node: key.address, owner: owner.address, validUntil: 2n ** 40n };
  const registration = await signMessage(key, chain.domain, "NodeRegistration", message);
  await local.send(owner, calls.registerNodeCall(chain, registration));
  await local.stake(owner, key.address, TICKET);
  return { id: key.address.toLowerCase() as NodeId, secret, key, owner };
}
