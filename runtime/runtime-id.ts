// What this runtime is called in offers and bids, and which images it can run: nodes agree on fuel only when they run
// the same pass and the same engine.
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ImageConfig, ImageRuntime } from "./image/image.ts";
import { ENGINE_DIGEST } from "./javascript/engine-pin.ts";
import { METERING_VERSION } from "./metering/meter-module.ts";

const DIGEST_SHOWN = 12;
const engineName = ENGINE_DIGEST.slice("sha256:".length, "sha256:".length + DIGEST_SHOWN);

/** Equal on two nodes exactly when they count the same fuel. */
export const RUNTIME_ID = `mimik-runtime/1+metering.${METERING_VERSION}+quickjs.${engineName}`;

/** What an image packed by this runtime says of it. */
export function imageRuntime(kind: ImageConfig["kind"]): ImageRuntime {
  return { meteringVersion: METERING_VERSION, ...(kind === "javascript" && { engineDigest: ENGINE_DIGEST }) };
}

/** @throws `image-refused` */
export function requireRunnable({ kind, name, runtime }: ImageConfig): void {
  const mine = imageRuntime(kind);
  if (runtime.meteringVersion === mine.meteringVersion && runtime.engineDigest === mine.engineDigest) return;
  throw new ProtocolError("rejected", "image-refused", `${name} was packed for another runtime than ${RUNTIME_ID}.`, {
    hint: "Pack the microservice again with this version, or send it to a node that runs the other one.",
    context: { meteringVersion: runtime.meteringVersion, engineDigest: runtime.engineDigest },
  });
}
