// Statements to sign, as a node and a consumer would.
import { type Hex, type LocalAccount, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Bid, Offer, Signed } from "#protocol/signed-messages.ts";
import { signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";

export const RATES = { job: 100n, fuel: 2_000n, memory: 50n, bytes: 10n, events: 5n } as const;

export interface MarketNode {
  readonly key: LocalAccount;
  readonly owner: LocalAccount;
}

/** A key that only tests use. */
export function keyOf(number: number): LocalAccount {
  return privateKeyToAccount(toHex(number + 1_000, { size: 32 }));
}

/** As the wire writes it. */
export function addressOf(account: LocalAccount): Hex {
  return account.address.toLowerCase() as Hex;
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

let sequence = 0n;

/** An offer that stands, with `changes`; each has a higher sequence than the one before. */
export function offerOf({ key, owner }: MarketNode, changes: Partial<Offer> = {}): Offer {
  sequence += 1n;
  return {
    node: addressOf(key),
    owner: addressOf(owner),
    endpoint: "http://127.0.0.1:9/",
    runtime: "mimik-runtime/test",
    isolation: "kernel",
    scopes: [],
    slots: 4,
    memoryPages: 4_096,
    rates: RATES,
    sequence,
    validFrom: nowSeconds() - 10,
    validUntil: nowSeconds() + 600,
    ...changes,
  };
}

export async function signedOffer(
  { domain }: { readonly domain: ExchangeDomain },
  node: MarketNode,
  changes: Partial<Offer> = {},
): Promise<Signed<Offer>> {
  return signMessage(node.key, domain, "Offer", offerOf(node, changes));
}

let salt = 0;

/** A bid for two nodes that every offer of `offerOf` serves, with `changes`. */
export function bidOf(consumer: LocalAccount, changes: Partial<Bid> = {}): Bid {
  salt += 1;
  return {
    consumer: addressOf(consumer),
    image: toHex(7, { size: 32 }),
    runtime: "mimik-runtime/test",
    isolation: "process",
    scope: "any",
    replicas: 2,
    quorumBps: 6_666,
    memoryPages: 256,
    fuel: 1_000_000_000n,
    maxRates: { job: 1_000n, fuel: 10_000n, memory: 1_000n, bytes: 1_000n, events: 1_000n },
    budget: 1_000_000n,
    deadlineSeconds: 60,
    salt: toHex(salt, { size: 32 }),
    validFrom: nowSeconds() - 10,
    validUntil: nowSeconds() + 600,
    ...changes,
  };
}

export async function signedBid(
  { domain, consumer }: { readonly domain: ExchangeDomain; readonly consumer: LocalAccount },
  changes: Partial<Bid> = {},
): Promise<Signed<Bid>> {
  return signMessage(consumer, domain, "Bid", bidOf(consumer, changes));
}

/** Asks again until `found` is satisfied: the index follows within some polls. */
export async function eventually<Value>(ask: () => Promise<Value>, found: (value: Value) => boolean): Promise<Value> {
  for (let tries = 0; ; tries++) {
    const value = await ask();
    if (found(value)) return value;
    if (tries === 200)
      throw new Error(`Never as wanted: ${JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}` : v))}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
