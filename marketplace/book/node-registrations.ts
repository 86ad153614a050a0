// Who owns a node: the index knows most, and a registration that the index has not seen yet is read from the chain once.
import { eq } from "drizzle-orm";
import type { Address } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeId } from "#protocol/units.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import type { Reader } from "../store/open-store.ts";
import { nodes } from "../store/schema.ts";

export interface NodeRegistrations {
  /** The node's owner; undefined when it is not registered. @throws `registrations-busy`, `chain-unreachable` */
  ownerOf(node: NodeId): Promise<Address | undefined>;
}

/** `readOwner` asks the chain. */
export function nodeRegistrations(
  reader: Reader,
  readOwner: (node: NodeId) => Promise<Address | undefined>,
): NodeRegistrations {
  const reading = new Map<NodeId, Promise<Address | undefined>>();
  return {
    ownerOf: async (node) => {
      const known = reader.select({ owner: nodes.owner }).from(nodes).where(eq(nodes.node, node)).get();
      if (known) return known.owner;
      const pending = reading.get(node);
      if (pending) return pending;
      if (reading.size >= MARKETPLACE_LIMITS.registrationReads) {
        throw new ProtocolError("busy", "registrations-busy", "Too many new nodes are being looked up on the chain.", {
          hint: "Post the offer again in a moment.",
          context: { limit: MARKETPLACE_LIMITS.registrationReads },
        });
      }
      const read = readOwner(node).finally(() => reading.delete(node));
      reading.set(node, read);
      return read;
    },
  };
}
