// Randomness for salts, seeds, tokens and spot checks.
import { randomBytes, randomInt } from "node:crypto";
import { bytesToHex, type Hex } from "viem";

export function random32(): Hex {
  return bytesToHex(randomBytes(32));
}

const SHARE_STEPS = 2 ** 47;

/** Uniform in [0, 1). */
export function randomShare(): number {
  return randomInt(SHARE_STEPS) / SHARE_STEPS;
}
