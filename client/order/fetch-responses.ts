// Gets the agreed responses from whichever agreeing node gives the right bytes.
import { digestOf } from "#protocol/digest.ts";
import type { Receipt } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest, NodeId } from "#protocol/units.ts";
import type { Member, OrderContext } from "./order-context.ts";

/**
 * The encoded responses in the order of `receipts`, each of the digest that the receipts name.
 * `kept` is asked last: where the consumer ran the job itself, a withheld response costs nothing.
 * @throws `response-withheld` when no node gives one of them
 */
export async function fetchResponses(
  context: OrderContext,
  agreed: readonly NodeId[],
  receipts: readonly Receipt[],
  kept: (digest: Digest) => Promise<Uint8Array | undefined>,
): Promise<readonly Uint8Array[]> {
  const members = context.members.filter(({ offer }) => agreed.includes(offer.node));
  const responses: Uint8Array[] = [];
  for (const [index, { response }] of receipts.entries()) {
    const bytes = (await fromMembers(context, members, index, response)) ?? (await kept(response));
    if (!bytes) throw withheld(index, response);
    responses.push(bytes);
  }
  return responses;
}

async function fromMembers(
  { orderId, submission, signal }: OrderContext,
  members: readonly Member[],
  index: number,
  wanted: Digest,
): Promise<Uint8Array | undefined> {
  for (const { client } of members) {
    try {
      const bytes = await client.response(orderId, submission.token, index, { signal });
      if (digestOf(bytes) === wanted) return bytes;
    } catch {
      // The next node has the same bytes; only the caller's own wish ends the search.
      signal.throwIfAborted();
    }
  }
  return undefined;
}

function withheld(index: number, response: Digest): ProtocolError {
  return new ProtocolError("job-failed", "response-withheld", `No node gives response ${index}, ${response}.`, {
    hint: "Run mimik job resume while the nodes are up. Nothing is paid before the response is here.",
    context: { index, response },
    retryable: true,
  });
}
