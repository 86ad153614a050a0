// Decides how bytes are named: the SHA-256 digest. It never decides what the bytes mean.
import { sha256 } from "viem";
import { bytes32ToDigest, type Digest } from "./units.ts";

/** The digest of `bytes`. Blobs, image manifests, requests and responses are all named by it. */
export function digestOf(bytes: Uint8Array): Digest {
  return bytes32ToDigest(sha256(bytes));
}
