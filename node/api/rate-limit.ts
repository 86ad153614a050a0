// How often one remote may ask: a bucket of tokens for each, and a limit on the buckets.
import type { MiddlewareHandler } from "hono";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { NODE_LIMITS } from "../limits.ts";

interface Bucket {
  tokens: number;
  filledAt: number;
}

export interface RateLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** Millisecond clock given, so that a test need not wait. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Whether `remote` may ask once more now. */
  take(remote: string): boolean {
    const now = this.#now();
    const { burst, perSecond } = this.#limit;
    const bucket = this.#buckets.get(remote) ?? { tokens: burst, filledAt: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1_000) * perSecond);
    bucket.filledAt = now;
    // Set anew, so that the map's order is by last use and the first is the one to forget.
    this.#buckets.delete(remote);
    this.#buckets.set(remote, bucket);
    if (this.#buckets.size > NODE_LIMITS.remotes) this.#buckets.delete(this.#buckets.keys().next().value ?? "");
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** Refuses a remote that asks too often. @throws `rate-limited` */
export function limitRate(limiter: RateLimiter): MiddlewareHandler {
  return async (c, next) => {
    if (!limiter.take(remoteOf(c.env))) {
      throw new ProtocolError("busy", "rate-limited", "This address asks more often than the node answers.", {
        hint: "Wait a second, and ask less often.",
      });
    }
    await next();
  };
}

/** The remote's address; of IPv6 the network, since one host may have all of it. */
function remoteOf(env: unknown): string {
  const address = (env as { incoming?: { socket?: { remoteAddress?: string } } })?.incoming?.socket?.remoteAddress;
  if (address === undefined) return "unknown";
  return address.includes(".") ? address : address.split(":").slice(0, 4).join(":");
}
