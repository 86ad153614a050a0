// Whom this consumer does not choose again: nodes that it has caught with a wrong answer, and whatever else their owners
// offer, since a new node key costs nothing.
import type { Address } from "viem";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { NodeId } from "#protocol/units.ts";
import type { ClientStore } from "../store/client-store.ts";

export interface Avoided {
  readonly nodes: ReadonlySet<NodeId>;
  readonly owners: ReadonlySet<Address>;
}

export async function readAvoided(
  store: Pick<ClientStore, "caught">,
  { chainId, exchange }: ExchangeDomain,
): Promise<Avoided> {
  const here = (await store.caught()).filter((each) => each.chainId === chainId && each.exchange === exchange);
  return {
    nodes: new Set(here.flatMap(({ nodes }) => nodes)),
    owners: new Set(here.flatMap(({ owners }) => owners)),
  };
}

/** The nodes and owners of a committee, for whoever wants another one. */
export function membersOf(committee: readonly Signed<Offer>[]): Avoided {
  return {
    nodes: new Set(committee.map(({ message }) => message.node)),
    owners: new Set(committee.map(({ message }) => message.owner)),
  };
}

/** Those among the offers that are avoided. An offer that names a false owner is refused elsewhere. */
export function avoidedAmong(offers: readonly Signed<Offer>[], { nodes, owners }: Avoided): readonly NodeId[] {
  const avoided = offers.filter(({ message }) => nodes.has(message.node) || owners.has(message.owner));
  return avoided.map(({ message }) => message.node);
}
