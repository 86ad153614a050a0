// Bounds that only this daemon needs, each with unit and reason. What strangers may send at all is in the protocol.

export const NODE_LIMITS = {
  /** Live orders of one lease at once: one consumer must not fill the queue of everybody. */
  leaseOrders: 16,
  /** Orders of one lease whose settlement is looked up before a new one is weighed; the rest counts as unpaid. */
  settlementLookups: 32,
  /** Long polls that wait at once; the next one is answered with the present state. */
  waiters: 512,
  /** Bodies of blobs that are received at once: each holds a file descriptor and its share of the disk. */
  uploads: 32,
  /** From a blob's first byte to its last, milliseconds: below `requestSeconds`, so that the refusal is ours. */
  uploadMillis: 25_000,
  /** Requests that one remote may send in a burst, and a second from then on. */
  remoteBurst: 300,
  remotePerSecond: 100,
  /** Remotes whose rate is remembered. */
  remotes: 4_096,
  /** Lines in one answer of what was earned. */
  earningLines: 200,
  /** From an order's deadline until its record is deleted, seconds: a week to look things up. */
  recordSeconds: 7 * 86_400,
  /** Between two looks for records to delete, seconds. */
  pruneSeconds: 3_600,
  /** Rows deleted at once, so that a start after a long time does not hang. */
  pruneRows: 1_000,
  /** A standing offer's validity, seconds; it is renewed at half. */
  offerSeconds: 600,
  /** How long free slots must have changed between none and some before a new offer says so, milliseconds. */
  offerSettleMillis: 2_000,
  /** Between two attempts to publish an offer or to look for the registration, milliseconds; doubled each time. */
  retryMillisMin: 250,
  retryMillisMax: 30_000,
  /** What a clean stop spends on withdrawing its offer, milliseconds. */
  withdrawMillis: 500,
  /** What a clean stop waits for the executors to end, milliseconds. */
  runtimeCloseMillis: 600,
  /** How long an answer of the chain serves health checks and the earnings page, milliseconds. */
  chainAnswerMillis: 3_000,
  /** Between two looks at what could be cleared, milliseconds. */
  clearingMillis: 2_000,
  /** How long a node of a committee leaves a clearing to each one that is named before it, seconds. */
  clearingTurnSeconds: 10,
  /** Before a voucher may be lost, from when on its clearing waits for no better price, seconds: all turns, and blocks. */
  clearingMarginSeconds: 300,
  /** From now to the end of a proposed clearing's validity, seconds. */
  clearingSeconds: 600,
  /** What a node waits for another one's signature, milliseconds. */
  coSignMillis: 5_000,
  /** Pause after a clearing that could not be sent, milliseconds: it wants gas or an endpoint. */
  clearingPauseMillis: 60_000,
  /** Between two looks at orders that nobody has paid for, milliseconds. */
  rescueMillis: 2_000,
  /** Leases in one such look; the next one goes on with those after them. */
  rescueLeases: 32,
  /** At most, until a lease is looked at again in which nothing can be done now, seconds. */
  rescueRestSeconds: 30,
  /** Orders of which the log remembers what it said last. */
  rescueNotes: 10_000,
  /** Between two looks at what marketplaces list, for nodes that nobody named, seconds. */
  peerListSeconds: 60,
  /** Pages of one marketplace's list that are read for it. */
  peerListPages: 5,
  /** Between two looks at what the court has to do with this node, and at the chain's events, milliseconds. */
  courtMillis: 2_000,
  /** Orders and cases in one such look; the next one goes on with those after them. */
  courtOrders: 32,
  /** What a node waits for a blob of a disputed order, milliseconds: it may be the largest over a slow path. */
  courtBlobMillis: 60_000,
  /** From a case's end until what is kept of it is deleted, seconds. */
  caseSeconds: 86_400,
  /** Pause after something that the court refused or that failed, seconds. */
  courtRestSeconds: 30,
  /** Between two looks at whether the node can be a juror and is registered as one, seconds. */
  jurorSeconds: 60,
  /** The configuration file, bytes. */
  configBytes: 64 * 1024,
  /** Marketplaces to which one node publishes. */
  marketplaces: 16,
} as const;
