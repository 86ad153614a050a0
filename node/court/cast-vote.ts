// A juror's one vote on an order, and the votes of the others. What is signed is in the store before.
import { type Hex, keccak256 } from "viem";
import { type BlsSecret, isBlsSignature } from "#protocol/bls.ts";
import type { CaseVote, HeldVote } from "#protocol/node-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeId } from "#protocol/units.ts";
import { verdictDigest, voteOn } from "#protocol/verdict.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import type { CourtStore, KeptCase } from "../store/court-store.ts";
import { caseUnknown } from "./case-evidence.ts";
import type { CourtChain } from "./court-chain.ts";

export interface VoteParts {
  readonly orders: Pick<OrderParts, "node" | "now">;
  readonly chain: Pick<CourtChain, "domain" | "jurorKey">;
  readonly store: CourtStore;
  readonly juror: BlsSecret;
}

/** Signs what the node found, or what it found before: a second run changes nothing. */
export async function castVote(
  { orders, chain, store, juror }: VoteParts,
  { order, closesAt }: KeptCase,
  resultHash: Hex,
): Promise<void> {
  const fixed = store.openVerdict(order, resultHash, closesAt);
  const vote = voteOn(juror, await chain.domain(), order, fixed);
  store.keepVote(order, { node: orders.node, resultHash: fixed, ...vote });
}

/**
 * Keeps another juror's vote and shows this node's own: only who has shown its own may see it, so that votes are not
 * copied for nothing.
 * @throws `case-unknown`, `vote-refused`
 */
export async function takeVote(parts: VoteParts, order: Hex, vote: CaseVote): Promise<HeldVote> {
  const found = parts.store.caseOf(order);
  if (found?.jury === undefined || found.closesAt < parts.orders.now()) throw caseUnknown(order);
  await keepVote(parts, order, found.jury, vote);
  const own = parts.store.votes(order).find(({ node }) => node === parts.orders.node);
  return { vote: own ?? null };
}

/** Keeps the vote of a juror, by the key that the court knows. @throws `vote-refused` */
export async function keepVote(
  { chain, store }: Pick<VoteParts, "chain" | "store">,
  order: Hex,
  jury: readonly NodeId[],
  vote: CaseVote,
): Promise<void> {
  const { node, resultHash, key, signature } = vote;
  if (!jury.includes(node)) throw voteRefused(order, vote, "it has no seat");
  const isKept = () => store.votes(order).some((each) => each.node === node);
  if (isKept()) return;
  if ((await chain.jurorKey(node)) !== keccak256(key)) throw voteRefused(order, vote, "the court knows another key");
  const digest = verdictDigest(await chain.domain(), order, resultHash);
  // It may have come from both sides at once, and a signature is dear to check.
  if (isKept()) return;
  if (!isBlsSignature(key, digest, signature)) throw voteRefused(order, vote, "its signature does not hold");
  store.keepVote(order, vote);
}

function voteRefused(order: Hex, { node }: CaseVote, why: string): ProtocolError {
  return new ProtocolError("rejected", "vote-refused", `The vote of ${node} is not taken: ${why}.`, {
    hint: "Vote by the registered key of a node with a seat in the jury.",
    context: { order, node },
  });
}
