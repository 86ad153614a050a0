// Every bound that only a marketplace needs, with unit and reason. What all programs share stands in protocol/limits.ts.

export const MARKETPLACE_LIMITS = {
  /** Standing offers, one a node: matching looks at each of them for every bid, which takes 30 ms for so many. */
  offers: 5_000,
  /** Standing bids of all consumers: about 2 KB each on disk. */
  bids: 10_000,
  /** Standing bids of one consumer: a person's or a service's open wishes, not a feed. */
  bidsPerConsumer: 32,
  /** Rows in one page of bids: each is matched anew when it is listed. */
  bidPageRows: 20,
  /** Refusals in one answer to a bid: enough to see why, without naming every node of the market. */
  matchRefusals: 100,
  /** Lines in one answer about earnings: the newest. */
  earningsLines: 200,
  /** Nodes of one owner in one answer: the first that were registered. */
  ownNodes: 200,
  /** Points of a chart: more than a screen has columns to tell apart. */
  chartPoints: 120,
  /** Owners whose node is being looked up on the chain at once: each costs one call to a foreign endpoint. */
  registrationReads: 16,

  /** Events kept for streams that reconnect: some minutes of a busy market. */
  eventRing: 1_024,
  /** Event streams open at once: each holds a connection. */
  eventStreams: 256,
  /** Event streams of one remote address: a household's tabs. */
  eventStreamsPerRemote: 32,
  /** Bytes waiting for one slow reader before its stream is ended; it reconnects and catches up. */
  eventStreamBytes: 1_048_576,
  /** Between two signs of life on a silent stream: below the idle time-out of common proxies. */
  keepAliveSeconds: 15,

  /** Remote addresses whose posts are counted; the longest silent is forgotten first. */
  remotes: 10_000,
  /** Files and bytes of the dashboard, which is held in memory. */
  dashboardFiles: 64,
  dashboardBytes: 8_388_608,
} as const;
