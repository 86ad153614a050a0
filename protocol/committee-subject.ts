// Decides what a consumer asks the chain to draw for a lease's committee. It never says who is drawn: the chain's
// randomness and the nodes' stake do.
import { type Address, type Hex, hashStruct } from "viem";

/** A lease's terms before its nodes are known. */
export interface CommitteeTerms {
  readonly consumer: Address;
  readonly sessionKey: Address;
  readonly salt: Hex;
  /** Seats. */
  readonly size: number;
}

const TYPES = {
  Committee: [
    { name: "consumer", type: "address" },
    { name: "sessionKey", type: "address" },
    { name: "salt", type: "bytes32" },
    { name: "size", type: "uint256" },
  ],
} as const;

/** The subject of the draw: the terms' EIP-712 struct hash, without domain. */
export function committeeSubject({ consumer, sessionKey, salt, size }: CommitteeTerms): Hex {
  const data = { consumer, sessionKey, salt, size: BigInt(size) };
  return hashStruct({ types: TYPES, primaryType: "Committee", data });
}
