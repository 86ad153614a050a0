// Randomness for salts, seeds and tokens.
import { randomBytes } from "node:crypto";
import { bytesToHex, type Hex } from "viem";

export function random32(): Hex {
  return bytesToHex(randomBytes(32));
}
