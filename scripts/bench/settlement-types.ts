// The EIP-712 types of settlement as data, the twins of contracts/types/.
import { ON_CHAIN_TYPES } from "#protocol/typed-data.ts";

export const SETTLEMENT_TYPES = {
  ...ON_CHAIN_TYPES,
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
