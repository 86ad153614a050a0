// The bounds that only a consumer needs: how long it tries, how much it keeps.

export const CLIENT_LIMITS = {
  /** Pages of offers read from one marketplace: 2,000 offers are a choice wide enough. */
  offerPages: 10,
  /** Pages of nodes' records read from one marketplace, 200 nodes each: as many as the offers. */
  nodePages: 10,
  /** Nodes that may serve one job of a wanted confidence: its committee, and others in case some fail. */
  assuredNodes: 64,
  /** Times that a committee is chosen anew because an offer in it was forged or its node is not registered. */
  rematches: 16,
  /** Committees that one job may have: the first, and one without those that failed it. */
  attempts: 2,
  /** Between two tries to reach a node, milliseconds: the first and the longest. */
  retryMillisMin: 200,
  retryMillisMax: 2_000,
  /** From the deadline of a job's order to the expiry of its lease: time for one settlement. */
  leaseMarginSeconds: 30,
  /** From `commitUntil` to the moment that a partial set of commitments is sent: nodes' clocks differ. */
  skewSeconds: 1,
  /** How long a resumed job asks for attestations that were made before its deadline. */
  rereadSeconds: 10,
  /** A bid begins this much in the past, for readers whose clocks are behind. */
  bidBackdateSeconds: 30,
  /** How long a bid stands: one job and one rerun of it. */
  bidSeconds: 900,
  /** For telling a marketplace that a bid is served: a courtesy, for which nobody should have to wait. */
  courtesyMillis: 2_000,
  /** Seconds after a deadline during which settlement is tried again while the chain's clock is behind. */
  chainLagSeconds: 60,
  /** Times that a lease is read anew because an order of it was settled in between. */
  leaseReadings: 5,
  /** Orders whose settlement is looked up at once. */
  settlementLookups: 32,
  /** Blocks in one request for a settlement by somebody else: common endpoints refuse longer ranges. */
  searchBlocks: 10_000,
  /** Such requests, from the latest block back: six weeks of a chain with a block in 12 s. */
  searches: 30,
  /** How long a checked answer waits for every node to take its voucher, before it is settled on chain instead. */
  voucherSeconds: 10,
  /** The same where an order's deadline leaves less; and what a new order waits for a voucher that somebody lacks. */
  voucherSecondsMin: 3,
  /** From the end of that wait to the order's deadline: time for the transaction. */
  voucherMarginSeconds: 5,
  /** Between two looks whether the orders before one are checked, milliseconds. */
  coverMillis: 200,
  /** From now to the end of a clearing's validity that a consumer proposes to close its lease. */
  clearingSeconds: 600,
  /** Fuel above the quoted, in 1/1,000 of it: runs are exact, so this only keeps round numbers readable. */
  fuelHeadroomPermille: 1_050n,
  /** Between two looks whether the block of a draw's randomness is there. */
  drawPollMillis: 500,
  /** How long a draw is waited for on a chain that makes no block. */
  drawQuietMillis: 60_000,
  /** Blocks after a beacon in which every chain can still prove it: half of what the EVM itself remembers. */
  drawFreshBlocks: 128,
  /** A lease that is drawn for one run lasts so much longer than its jobs' deadline: time to quote them. */
  drawnLeaseSeconds: 600,
  /** The file of a draw that is under way. */
  drawBytes: 16 * 1024,
  /** One job's file: 256 jobs of 16 nodes with their receipts fit four times. */
  recordBytes: 16 * 1024 * 1024,
  /** Jobs that are kept, leases and caught committees alike; the oldest finished ones go first. */
  records: 1_000,
} as const;
