// Decides every bound that only this folder needs, units last in the names, the reason beside each.
// It never holds what a chain's user may choose: those are options of the functions.

export const CHAIN_LIMITS = {
  /** Calls that one lane holds at once, sent or waiting: a full one says `busy` instead of growing. */
  laneCalls: 1_024,
  /** Transactions of one account in the endpoint's pool: Geth guarantees 16 slots an account. */
  laneInFlight: 16,
  /** Length of a lane's key. */
  laneKeyChars: 200,
  /** Times that a stuck transaction is priced up; by 1/8 each, together about 2.5 times the first fee. */
  laneReplacements: 8,
  /** Answered keys that a journal remembers; every call of the exchange is idempotent by itself after that. */
  journalKeys: 10_000,
  /** Newest answered keys whose signed bytes stay, in case a reorganisation undoes them. */
  journalSignedKeys: 256,
  /** Failed polls in a row until a waiting caller is told; the lane itself goes on. */
  lanePollsUntilTrouble: 4,
  /** Nodes in one `collectEarnings`: the contract takes no more. */
  collectNodes: 512,
  /** Gas of one transaction: EIP-7825. */
  transactionGas: 16_777_216n,
  /** Blocks in one request for logs; common endpoints refuse more. */
  followBlocks: 2_000,
  /** Remembered block hashes, enough to find where a reorganisation began. */
  followTrail: 512,
  /** Longest pause between tries at an endpoint that does not answer. */
  followBackoffMillis: 30_000,
  /** A keystore file: V3 is below 1 KiB. */
  keyFileBytes: 16 * 1_024,
  /** Files looked at in a keystore folder. */
  keyFiles: 1_000,
} as const;
