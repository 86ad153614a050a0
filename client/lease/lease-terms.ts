// A lease's terms with a fresh session key.
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import { random32 } from "../random.ts";

export interface NewLease {
  readonly terms: LeaseTerms;
  /** Private key: signs orders of this lease. */
  readonly sessionKey: Hex;
}

/** `nodes` in the committee's order, strictly ascending. */
export function newLease(consumer: Address, nodes: readonly NodeId[]): NewLease {
  const sessionKey = generatePrivateKey();
  const address = privateKeyToAddress(sessionKey).toLowerCase() as Address;
  return { terms: { consumer, sessionKey: address, salt: random32(), nodes }, sessionKey };
}
