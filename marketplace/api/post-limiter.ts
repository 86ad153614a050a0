// A token bucket for each remote address, so that one sender cannot take the marketplace's time from all others.
import { isIPv6 } from "node:net";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";

export interface PostLimits {
  /** Posts that one remote address may send at once. */
  readonly postBurst: number;
  /** Posts that it regains each second. */
  readonly postsPerSecond: number;
}

interface Bucket {
  tokens: number;
  filledAtMillis: number;
}

/** Counts one post of `remote`. @throws `too-many-posts` */
export type PostLimiter = (remote: string) => void;

export function createPostLimiter(
  { postBurst, postsPerSecond }: PostLimits,
  nowMillis: () => number = () => performance.now(),
): PostLimiter {
  const buckets = new Map<string, Bucket>();
  return (remote) => {
    const now = nowMillis();
    const key = networkOf(remote);
    const bucket = buckets.get(key) ?? { tokens: postBurst, filledAtMillis: now };
    const regained = ((now - bucket.filledAtMillis) / 1_000) * postsPerSecond;
    bucket.tokens = Math.min(postBurst, bucket.tokens + regained);
    bucket.filledAtMillis = now;
    // Set anew, so that the map's order is that of the last use.
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > MARKETPLACE_LIMITS.remotes && oldest !== undefined) buckets.delete(oldest);
    if (bucket.tokens < 1) {
      throw new ProtocolError(
        "busy",
        "too-many-posts",
        "You post faster than this marketplace takes from one address.",
        {
          hint: "Wait a second and send it again.",
          context: { postsPerSecond, postBurst },
        },
      );
    }
    bucket.tokens -= 1;
  };
}

/** An IPv6 customer has a /64 at least, so that is what counts as one remote. */
export function networkOf(remote: string): string {
  if (!isIPv6(remote) || remote.startsWith("::ffff:")) return remote;
  const [head = "", tail] = remote.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  if (tail !== undefined) {
    const after = tail.split(":").filter((group) => group !== "");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  return groups.slice(0, 4).join(":");
}
