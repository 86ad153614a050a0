// The one file that builds a node, owns everything in it and ends it in order.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import type { Address, Hex } from "viem";
import { type Api, createApi, listen } from "#mesh/api-server.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { httpNodeClient } from "#mesh/node-client.ts";
import { httpPeerClient } from "#mesh/peer-client.ts";
import type { NodeInfo } from "#protocol/node-api.ts";
import { addCourtRoutes } from "./api/court-routes.ts";
import { healthOf } from "./api/node-health.ts";
import { addGauges, orderMeter } from "./api/node-metrics.ts";
import { addNodeRoutes } from "./api/node-routes.ts";
import { addOrderRoutes } from "./api/order-routes.ts";
import { limitRate, RateLimiter } from "./api/rate-limit.ts";
import { addRescueRoutes } from "./api/rescue-routes.ts";
import { addVoucherRoutes } from "./api/voucher-routes.ts";
import type { NodeConfig } from "./config/node-config.ts";
import { CourtDesk } from "./court/court-desk.ts";
import { JuryDesk } from "./court/jury-desk.ts";
import { NODE_LIMITS } from "./limits.ts";
import { type NodeFoundation, openFoundation } from "./node-foundation.ts";
import { OfferDesk } from "./offers/offer-desk.ts";
import { waitForRegistration } from "./offers/registration.ts";
import { OrderEngine } from "./orders/order-engine.ts";
import type { OrderParts } from "./orders/order-parts.ts";
import type { SlotPool } from "./orders/slot-pool.ts";
import { PeerBook } from "./rescue/peer-book.ts";
import { RescueDesk } from "./rescue/rescue-desk.ts";
import { BlobStore } from "./store/blob-store.ts";
import { type NodeStore, openStore } from "./store/open-store.ts";
import { ClearingDesk } from "./vouchers/clearing-desk.ts";

export const NODE_VERSION = "0.1.0";

export interface RunningNode extends AsyncDisposable {
  readonly node: Address;
  readonly owner: Address;
  /** Where the API listens. */
  readonly url: string;
  /** The base URL in the node's offers. */
  readonly endpoint: string;
  info(): NodeInfo;
}

/**
 * Starts the daemon. Disposing it withdraws the offer, ends runs, which begin anew at the next start, and frees all.
 * @throws as `openFoundation`, `openStore` and `listen`
 */
export async function startNode(
  config: NodeConfig,
  foundation: (config: NodeConfig) => Promise<NodeFoundation> = openFoundation,
): Promise<RunningNode> {
  await using stack = new AsyncDisposableStack();
  mkdirSync(config.home, { recursive: true, mode: 0o700 });
  const log = pino({ level: config.logLevel, base: { program: "node" } }, pino.destination({ dest: 2, sync: true }));
  // The store first: its lock says whether another node runs on this home.
  const store = stack.use(openStore(join(config.home, "node.sqlite"), config.migrations));
  const base = stack.adopt(await foundation(config), ({ close }) => close());
  const node = base.signer.address.toLowerCase() as Address;
  let offers: OfferDesk | undefined;
  const health = healthOf(base.chain, store.reader, node, base.isolation);
  const api = createApi({
    title: "mimik node",
    version: NODE_VERSION,
    description: "One computer of the exchange: takes signed orders, runs their jobs and attests to what happened.",
    onBug: (error) => log.error({ err: error }, "request failed"),
    health,
  });
  const parts = orderParts(config, { base, store, api, log, node });
  const engine = new OrderEngine(parts, () => offers?.slotsChanged());
  stack.defer(() => engine.stop());
  api.app.use(
    "/v1/*",
    limitRate(new RateLimiter({ burst: NODE_LIMITS.remoteBurst, perSecond: NODE_LIMITS.remotePerSecond })),
  );
  addGauges(api.metrics, { reader: store.reader, slots: engine.slots });
  addOrderRoutes(api, engine);
  addVoucherRoutes(api, parts);
  addRescueRoutes(api, parts, (order, commitments) => engine.attestForPeer(order, commitments));
  addCourtRoutes(api, { orders: parts, store: store.court, chain: base.court, juror: base.juror });
  const info = () => describeNode(config, { node, base, engine, offers });
  addNodeRoutes(api, { describe: info, orders: parts, owner: config.owner });
  engine.resume();
  startDesks(stack, config, { orders: parts, base, store, slots: engine.slots });

  const listener = stack.use(await listen(api.app, config.listen));
  const endpoint = config.endpoint ?? listener.url;
  offers = stack.use(offerDesk(config, { parts, base, engine, endpoint }));
  offers.start();
  log.info({ node, owner: config.owner, url: listener.url, isolation: base.isolation }, "the node is up");
  const owned = stack.move();
  return {
    node,
    owner: config.owner,
    url: listener.url,
    endpoint,
    info,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Whoever pays for its gas clears, forces and goes to the court; the others speak with the nodes of their committees all the same. */
function startDesks(
  stack: AsyncDisposableStack,
  config: NodeConfig,
  { orders, base, store, slots }: { orders: OrderParts; base: NodeFoundation; store: NodeStore; slots: SlotPool },
): void {
  const { clearings, rescues: chain, juror } = base;
  const { clearing: terms } = config;
  if (terms) stack.use(new ClearingDesk({ orders, clearings, terms, connect: httpNodeClient })).start();
  const book = new PeerBook(orders, config.marketplaces.map(httpMarketplaceClient));
  const court = { chain: base.court, accused: (order: Hex) => store.court.accused(order) };
  stack.use(new RescueDesk({ orders, chain, court, book, connect: httpPeerClient, terms })).start();
  const disputes = { orders, chain: base.court, store: store.court, book, connect: httpPeerClient, juror, terms };
  stack.use(new CourtDesk(disputes)).start();
  stack.use(new JuryDesk({ ...disputes, slots })).start();
}

interface Built {
  readonly base: NodeFoundation;
  readonly store: NodeStore;
  readonly api: Api;
  readonly log: Logger;
  readonly node: Address;
}

function orderParts(config: NodeConfig, { base, store, api, log, node }: Built): OrderParts {
  const { reader, writer } = store;
  const { rates, slots, queueOrders, memoryPages, credit, storage } = config;
  const { now } = base;
  const directory = join(config.home, "blobs");
  return {
    node,
    domain: config.chain,
    signer: base.signer,
    reader,
    writer,
    blobs: new BlobStore(reader, writer, { directory, bytesMax: storage.blobBytes, now }),
    chain: base.chain,
    runJob: base.runJob,
    terms: { rates, slots, queueOrders, memoryPages, credit, ...storage },
    meter: orderMeter(api.metrics),
    log,
    now,
  };
}

function offerDesk(
  config: NodeConfig,
  built: { parts: OrderParts; base: NodeFoundation; engine: OrderEngine; endpoint: string },
): OfferDesk {
  const { parts, base, engine, endpoint } = built;
  const { owner, scopes, rates, memoryPages, home } = config;
  const { node, domain, signer, chain, log, now, writer } = parts;
  const { runtimeId: runtime, isolation } = base;
  return new OfferDesk({
    signer,
    domain,
    terms: { node, owner, endpoint, runtime, isolation, scopes, memoryPages, rates },
    marketplaces: config.marketplaces.map(httpMarketplaceClient),
    ready: (signal) => waitForRegistration({ chain, node, owner, home, log, signal }),
    freeSlots: () => engine.slots.free,
    nextSequence: (at) => writer.nextOfferSequence(at),
    now,
    log,
  });
}

function describeNode(
  config: NodeConfig,
  built: { node: Address; base: NodeFoundation; engine: OrderEngine; offers: OfferDesk | undefined },
): NodeInfo {
  const { node, base, engine, offers } = built;
  const { chainId, exchange } = config.chain;
  return {
    node,
    owner: config.owner,
    chainId,
    exchange,
    version: NODE_VERSION,
    runtime: base.runtimeId,
    isolation: base.isolation,
    slots: { total: engine.slots.total, free: engine.slots.free },
    offer: offers?.standing ?? null,
  };
}
