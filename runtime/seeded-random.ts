// The only randomness that a microservice has: a key stream under its invocation's seed, the same on every machine.
import { createCipheriv } from "node:crypto";

/** Gives the next bytes of ChaCha20's stream under the 32-byte seed, from block 0 with a zero nonce. */
export function seededRandom(seed: Uint8Array): (length: number) => Uint8Array {
  const cipher = createCipheriv("chacha20", seed, new Uint8Array(16));
  return (length) => cipher.update(new Uint8Array(length));
}
