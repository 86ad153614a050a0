// A marketplace, put together: the store, the book, the index of the chain, and the API with its dashboard.
import { type Logger, pino } from "pino";
import { asChainCall } from "#chain/chain-error.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readNode, readTicket } from "#chain/read-node.ts";
import { listen } from "#mesh/api-server.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { nodeRow } from "./api/api-context.ts";
import { createEventHub, type EventHub } from "./api/event-stream.ts";
import { createMarketplaceApi } from "./api/marketplace-api.ts";
import { nodeRegistrations } from "./book/node-registrations.ts";
import { type Book, openBook } from "./book/open-book.ts";
import type { MarketplaceConfig } from "./config/marketplace-config.ts";
import { type ChainIndex, startChainIndex } from "./index/chain-index.ts";
import { claimStore } from "./index/chain-place.ts";
import { findJob } from "./index/read-jobs.ts";
import { findLease } from "./index/read-leases.ts";
import { readMarket } from "./index/read-market.ts";
import { readProfitShare, type StakeTerms } from "./index/read-profit-share.ts";
import { openStore, type Store } from "./store/open-store.ts";

export interface RunningMarketplace extends AsyncDisposable {
  /** Base URL of the API and of the dashboard, without a trailing slash. */
  readonly url: string;
  readonly port: number;
}

export interface MarketplaceHands {
  readonly logger?: Logger;
  /** Ends the start; a marketplace that runs is ended by disposing it. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a marketplace for one exchange.
 * @throws `chain-unreachable`, `chain-mismatch`, `exchange-missing`, `store-unusable`, `port-taken`
 */
export async function startMarketplace(
  config: MarketplaceConfig,
  { logger = pino({ enabled: false }), signal }: MarketplaceHands = {},
): Promise<RunningMarketplace> {
  const chain = await connectChain(config.chain, signal && { signal });
  const stakeTerms = { staking: chain.contracts.staking, ticket: await readTicket(chain) };
  await using resources = new AsyncDisposableStack();
  const store = resources.use(
    openStore({ path: config.databasePath, migrationsDirectory: config.migrationsDirectory }),
  );
  store.write((writer) => claimStore(writer, chain.domain));
  const events = resources.use(createEventHub());
  const now = () => Math.floor(Date.now() / 1_000);
  const book = resources.use(
    openBook({
      store,
      domain: chain.domain,
      registrations: nodeRegistrations(store.reader, async (node) => (await readNode(chain, node))?.owner),
      now,
      publish: events.publish,
      offerEnded: (node) => {
        const row = nodeRow({ reader: store.reader, book, now }, node);
        if (row) events.publish("node", row);
      },
    }),
  );
  const index = resources.use(followChain({ config, chain, stakeTerms, store, book, events, now, logger }));
  const { app } = createMarketplaceApi({
    version: config.version,
    domain: chain.domain,
    token: chain.token,
    stakeTerms,
    reader: store.reader,
    book,
    events,
    now,
    limits: config,
    dashboardDirectory: config.dashboardDirectory,
    onBug: (error) => logger.error({ err: error }, "A request failed"),
    health: () => checkHealth(chain, store, index),
  });
  const listener = resources.use(await listen(app, config));
  logger.info({ url: listener.url, exchange: chain.domain.exchange }, "The marketplace is open");
  const owned = resources.move();
  return { url: listener.url, port: listener.port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Following {
  readonly config: MarketplaceConfig;
  readonly chain: Chain;
  readonly stakeTerms: StakeTerms;
  readonly store: Store;
  readonly book: Book;
  readonly events: EventHub;
  readonly now: () => UnixSeconds;
  readonly logger: Logger;
}

function followChain({ config, chain, stakeTerms, store, book, events, now, logger }: Following): ChainIndex {
  const { reader } = store;
  return startChainIndex({
    store,
    chain,
    confirmations: config.confirmations,
    pollMillis: config.pollMillis,
    onTouched: ({ nodes, leases, jobs, profitShare }) => {
      for (const node of nodes) events.publish("node", nodeRow({ reader, book, now }, node));
      for (const lease of leases) events.publish("lease", findLease(reader, lease));
      for (const job of jobs) events.publish("job", findJob(reader, job));
      if (profitShare) events.publish("profit-share", readProfitShare(reader, stakeTerms, now()));
    },
    onRewound: (nodes) => {
      logger.warn({ nodes: nodes.length }, "The chain was reorganised");
      book.forgetNodes(nodes);
      events.reset();
    },
    onTrouble: (error) => logger.warn({ err: error }, "The chain cannot be followed for now"),
  });
}

/** @throws `chain-unreachable` and whatever else keeps the index from following */
async function checkHealth(chain: Chain, store: Store, index: ChainIndex): Promise<Record<string, unknown>> {
  const trouble = index.trouble();
  if (trouble !== undefined) {
    if (trouble instanceof ProtocolError && trouble.category !== "internal") throw trouble;
    throw new ProtocolError("unreachable", "index-stopped", "The chain cannot be followed for now.", {
      hint: "See the marketplace's log.",
      cause: trouble,
    });
  }
  const { block } = readMarket(store.reader);
  const head = Number(
    await asChainCall(chain.settings.rpcUrl, "the latest block", () => chain.client.getBlockNumber()),
  );
  return { chainId: chain.domain.chainId, exchange: chain.domain.exchange, block, head, lag: head - (block ?? -1) };
}
