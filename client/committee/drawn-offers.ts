// The offers of nodes that the chain has drawn: nobody else can take a drawn node's place, so each must serve.
import { matchBid } from "#protocol/matching.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import { type CommitteeInput, findForged, noCommittee } from "./choose-committee.ts";

/**
 * One signed offer for each of `nodes`, in their order.
 * @throws `drawn-node-unavailable` naming the node, `budget-too-small`, `bid-expired`, `bid-not-yet-valid`
 */
export async function offersOfDrawn(
  { ledger, bid, offers, now }: Omit<CommitteeInput, "banned">,
  nodes: readonly NodeId[],
): Promise<readonly Signed<Offer>[]> {
  const committee = nodes.map((node) => {
    const offer = offers.find(({ message }) => message.node === node);
    if (!offer) throw unavailable(node, "it has no standing offer");
    return offer;
  });
  const seated = { ...bid, replicas: nodes.length };
  const match = matchBid(
    seated,
    committee.map(({ message }) => message),
    { now },
  );
  const [refusal] = match.refusals;
  if (refusal) throw unavailable(refusal.node, `${refusal.reason}: ${refusal.detail}`);
  if (match.failure) throw noCommittee(match);
  const [forged] = await findForged(ledger, committee);
  if (forged) throw unavailable(forged, "its offer is not signed by it, or names another owner than the chain");
  return committee;
}

function unavailable(node: NodeId, why: string): ProtocolError {
  return new ProtocolError(
    "not-found",
    "drawn-node-unavailable",
    `Drawn node ${node} does not serve this bid: ${why}.`,
    {
      hint: "Rent again: another committee is drawn. Nothing was locked.",
      context: { node, reason: why },
      retryable: true,
    },
  );
}
