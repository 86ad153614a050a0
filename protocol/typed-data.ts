// Decides the EIP-712 types and domain of everything that is signed, once, as data. It never signs or recovers.
import type { Address, TypedDataDomain } from "viem";

/** What every signed message is bound to: one deployment of the exchange on one chain. */
export interface ExchangeDomain {
  readonly chainId: number;
  readonly exchange: Address;
}

export const DOMAIN_NAME = "mimik exchange";
export const DOMAIN_VERSION = "1";

export function typedDataDomain(domain: ExchangeDomain): TypedDataDomain {
  return {
    name: DOMAIN_NAME,
    version: DOMAIN_VERSION,
    chainId: domain.chainId,
    verifyingContract: domain.exchange,
  };
}

const rates = [
  { name: "job", type: "uint96" },
  { name: "fuel", type: "uint96" },
  { name: "memory", type: "uint96" },
  { name: "bytes", type: "uint96" },
  { name: "events", type: "uint96" },
] as const;

/** Checked by the contract too: contracts/types/ has the Solidity twin of each. */
export const ON_CHAIN_TYPES = {
  /** By the node's key: it accepts to serve for this owner. */
  NodeRegistration: [
    { name: "node", type: "address" },
    { name: "owner", type: "address" },
    { name: "validUntil", type: "uint256" },
  ],
  /** Not signed: its struct hash is the lease id. */
  Lease: [
    { name: "consumer", type: "address" },
    { name: "sessionKey", type: "address" },
    { name: "salt", type: "bytes32" },
    { name: "nodes", type: "address[]" },
  ],
  /** By the lease's session key. */
  JobOrder: [
    { name: "lease", type: "bytes32" },
    { name: "nonce", type: "uint32" },
    { name: "jobs", type: "bytes32" },
    { name: "maxPrice", type: "uint96" },
    { name: "forceFee", type: "uint96" },
    { name: "quorumBps", type: "uint16" },
    { name: "deadline", type: "uint40" },
  ],
  /** By the node's key. */
  Attestation: [
    { name: "order", type: "bytes32" },
    { name: "node", type: "address" },
    { name: "resultHash", type: "bytes32" },
    { name: "price", type: "uint96" },
    { name: "commits", type: "bytes32" },
  ],
  /** By the consumer's account: anyone may open this lease for it. */
  OpenLease: [
    { name: "lease", type: "Lease" },
    { name: "amount", type: "uint96" },
    { name: "expiry", type: "uint40" },
    { name: "validUntil", type: "uint40" },
  ],
  /** By the session key: what each node has earned with all orders up to `upTo`. */
  Voucher: [
    { name: "lease", type: "bytes32" },
    { name: "perNode", type: "uint64" },
    { name: "upTo", type: "uint32" },
    { name: "forced", type: "uint16" },
    { name: "last", type: "bool" },
  ],
  /** By every node of a clearing, once. */
  ClearingBatch: [
    { name: "entries", type: "bytes32" },
    { name: "receiptsRoot", type: "bytes32" },
    { name: "validUntil", type: "uint40" },
  ],
  /** By every node of a committee whose consumer is silent. */
  Claim: [
    { name: "lease", type: "bytes32" },
    { name: "orders", type: "bytes32" },
    { name: "receiptsRoot", type: "bytes32" },
    { name: "perNode", type: "uint96" },
  ],
} as const;

/** Exchanged between programs and never seen by the contract. */
export const OFF_CHAIN_TYPES = {
  Rates: rates,
  /** By the node's key: what it can do and for how much. */
  Offer: [
    { name: "node", type: "address" },
    { name: "owner", type: "address" },
    { name: "endpoint", type: "string" },
    { name: "runtime", type: "string" },
    { name: "isolation", type: "string" },
    { name: "scopes", type: "string[]" },
    { name: "slots", type: "uint16" },
    { name: "memoryPages", type: "uint32" },
    { name: "rates", type: "Rates" },
    { name: "sequence", type: "uint64" },
    { name: "validFrom", type: "uint40" },
    { name: "validUntil", type: "uint40" },
  ],
  /** By the consumer's account: what it wants and the most it pays. */
  Bid: [
    { name: "consumer", type: "address" },
    { name: "image", type: "bytes32" },
    { name: "runtime", type: "string" },
    { name: "isolation", type: "string" },
    { name: "scope", type: "string" },
    { name: "replicas", type: "uint16" },
    { name: "quorumBps", type: "uint16" },
    { name: "memoryPages", type: "uint32" },
    { name: "fuel", type: "uint64" },
    { name: "maxRates", type: "Rates" },
    { name: "budget", type: "uint96" },
    { name: "deadlineSeconds", type: "uint32" },
    { name: "salt", type: "bytes32" },
    { name: "validFrom", type: "uint40" },
    { name: "validUntil", type: "uint40" },
  ],
  /** By whoever signed the statement: it no longer stands. */
  Cancellation: [
    { name: "statement", type: "bytes32" },
    { name: "signer", type: "address" },
  ],
  /** By the node's key: it has a result, hidden in `seal` until every commitment is in. */
  Commitment: [
    { name: "order", type: "bytes32" },
    { name: "node", type: "address" },
    { name: "seal", type: "bytes32" },
  ],
} as const;

export const TYPES = { ...ON_CHAIN_TYPES, ...OFF_CHAIN_TYPES } as const;
