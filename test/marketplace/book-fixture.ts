// A book and its API without a chain: which nodes are registered is said by the test.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "viem";
import { createEventHub, type EventHub } from "#marketplace/api/event-stream.ts";
import { createMarketplaceApi } from "#marketplace/api/marketplace-api.ts";
import { nodeRegistrations } from "#marketplace/book/node-registrations.ts";
import { type Book, openBook } from "#marketplace/book/open-book.ts";
import { openStore, type Store } from "#marketplace/store/open-store.ts";
import { listen } from "#mesh/api-server.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import { addressOf, keyOf, type MarketNode, nowSeconds } from "./statements.ts";

export const MIGRATIONS = join(import.meta.dirname, "../../marketplace/store/migrations");
export const DOMAIN: ExchangeDomain = { chainId: 31_337, exchange: `0x${"e1".repeat(20)}` };

/** Nodes 0 to 4 are registered, each to an owner of its own. */
export const NODES: readonly MarketNode[] = [0, 1, 2, 3, 4].map((n) => ({ key: keyOf(n), owner: keyOf(100 + n) }));
export const CONSUMER = keyOf(200);

export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "mimik-book-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestBook extends Disposable {
  readonly store: Store;
  readonly book: Book;
  readonly published: { kind: string; row: unknown }[];
  readonly events: EventHub;
  readonly domain: ExchangeDomain;
  readonly consumer: typeof CONSUMER;
  /** Moves the book's clock. */
  advance(seconds: number): void;
  readonly now: () => number;
  /** How often the chain was asked for an owner. */
  chainReads(): number;
}

export function openTestBook(folder: string): TestBook {
  const store = openStore({ path: join(folder, "book.sqlite"), migrationsDirectory: MIGRATIONS });
  const events = createEventHub();
  const published: { kind: string; row: unknown }[] = [];
  let ahead = 0;
  let reads = 0;
  const now = () => nowSeconds() + ahead;
  const owners = new Map<string, Address>(NODES.map(({ key, owner }) => [addressOf(key), owner.address]));
  const book = openBook({
    store,
    domain: DOMAIN,
    registrations: nodeRegistrations(store.reader, async (node) => {
      reads += 1;
      return owners.get(node);
    }),
    now,
    publish: (kind, row) => {
      published.push({ kind, row });
      events.publish(kind, row);
    },
    offerEnded: (node) => published.push({ kind: "ended", row: node }),
  });
  return {
    store,
    book,
    published,
    events,
    domain: DOMAIN,
    consumer: CONSUMER,
    advance: (seconds) => {
      ahead += seconds;
    },
    now,
    chainReads: () => reads,
    [Symbol.dispose]: () => {
      book[Symbol.dispose]();
      events[Symbol.dispose]();
      store[Symbol.dispose]();
    },
  };
}

export interface ServedBook extends AsyncDisposable, TestBook {
  readonly url: string;
  readonly bugs: unknown[];
}

/** The same over HTTP on a free port. */
export async function serveTestBook(folder: string, limits = { postBurst: 10_000, postsPerSecond: 10_000 }) {
  const open = openTestBook(folder);
  const bugs: unknown[] = [];
  const { app } = createMarketplaceApi({
    version: "test",
    domain: DOMAIN,
    token: `0x${"70".repeat(20)}`,
    stakeTerms: { staking: `0x${"71".repeat(20)}`, ticket: 100n },
    reader: open.store.reader,
    book: open.book,
    events: open.events,
    now: open.now,
    limits,
    dashboardDirectory: join(folder, "no-dashboard"),
    onBug: (error) => bugs.push(error),
    health: async () => ({}),
  });
  const listener = await listen(app, { host: "127.0.0.1", port: 0 });
  const served: ServedBook = {
    ...open,
    url: listener.url,
    bugs,
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      open[Symbol.dispose]();
    },
  };
  return served;
}
