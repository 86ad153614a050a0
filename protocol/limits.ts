// Decides every bound on what strangers may send or make us hold. Units are last in each name; the reason stands beside
// it. It never holds a setting that an owner may change: those are in each program's config.

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** A request's or response's head. Common servers allow 8 to 16 KiB of headers. */
  messageHeadBytes: 16 * KIB,
  /** A request's or response's body. Larger data belongs into several jobs, so that a lost node loses little. */
  messageBodyBytes: 16 * MIB,
  /** Headers in one message. */
  messageHeaders: 64,

  /** An image's manifest: names and a few layers. */
  imageManifestBytes: 64 * KIB,
  /** One layer of an image. A compiled SQLite or image codec is 1 to 3 MiB. */
  imageLayerBytes: 16 * MIB,
  imageLayers: 8,

  /** Fuel of one job: about a minute of one core, beyond which a loss costs the node too much. */
  jobFuel: 200_000_000_000n,
  /** Linear memory of one job: 512 MiB. */
  jobMemoryPages: 8_192,
  /** Log text kept for one job. */
  jobLogBytes: 64 * KIB,
  /** Calls from one job to its host, so that the worst price of a job is known before it runs. */
  jobEvents: 100_000,

  /** Jobs in one order: the depth of its Merkle tree and the size of one signature's loss. */
  orderJobs: 256,
  /** One blob: an image layer or an encoded request, whichever is larger. */
  blobBytes: 17 * MIB,
  /** Blobs that one order may name, and their sizes together. */
  orderBlobs: 512,
  orderBlobBytes: 64 * MIB,
  /** Committee size: above it, a jury's aggregate signature is cheaper. */
  committeeNodes: 16,
  /** Orders of one lease that no cleared voucher covers: as many as the committee can claim in one call. */
  leaseUnclearedOrders: 1_024,
  /** Attestations shown beside one voucher: 16 orders of the largest committee, within a JSON body. */
  voucherAttestations: 256,
  /** Attestations, and commitments, that a node shows another one at once: both together within a JSON body. */
  exchangedAttestations: 256,
  /** Orders in one claim that is proposed to a node: a third of the gas that one transaction may use. */
  claimOrders: 256,
  /** One order's result in a publication: an answer of some lines; larger ones would cost more than most orders pay. */
  publishedResultBytes: 1_024,
  /** One publication: as many of the largest results as a claim has room for beside its orders. */
  publicationBytes: 32 * KIB,
  /** One transaction, as common nodes of Ethereum pass it on. */
  transactionBytes: 128 * KIB,
  /** Leases in a clearing that is proposed to a node: what fits a JSON body with the largest committees. */
  proposalLeases: 100,
  /** From now to the end of a clearing's validity, at most: what is signed must not linger. */
  clearingSecondsMax: 3_600,
  /** Distinct nodes in one packed batch, as the contract has it: in a clearing each costs a recovered signature. */
  batchNodes: 1_024,
  /** Leases in one clearing: with 100 nodes, what fits the gas that one transaction may use. */
  clearingLeases: 700,
  /** Leases in one batch of openings: what fits the same gas. The contract takes 1,024. */
  openingLeases: 340,
  /** Between the last moment for a commitment and the deadline: three round trips over a slow path, and a signature. */
  revealSeconds: 3,
  /** From now to an order's deadline, at least: less leaves no time to run anything before `revealSeconds`. */
  orderSecondsMin: 6,
  /** From now to an order's deadline, at most. */
  orderSecondsMax: 86_400,
  /** From now to a lease's expiry. */
  leaseSecondsMax: 366 * 86_400,
  /** From now to the end of an offer or bid: stale statements must not pile up. */
  statementSecondsMax: 7 * 86_400,

  /** Nodes that one call for a match may ban. */
  matchBanned: 64,
  /** Clusters that one offer may name. */
  offerScopes: 16,

  /** A JSON body of any of our APIs. */
  jsonBodyBytes: 256 * KIB,
  /** From such a body's first byte to its last: well below `requestSeconds`, so that the refusal says why. */
  jsonBodySeconds: 10,
  /** A JSON answer of any of our APIs: a full page of bids with their matches. */
  answerBytes: 8 * MIB,
  /** Nesting of a JSON body; ours need 6. */
  jsonDepth: 16,
  /** Rows in one page of any listing. */
  pageRows: 200,
  /** Connections that one API holds at once: a few file descriptors each. */
  apiConnections: 1_024,
  /** A long poll's wait: below the idle time-out of common proxies. */
  pollSeconds: 20,
  /** From a request's first byte to its last: a slow sender must not hold a connection. */
  requestSeconds: 30,
} as const;
