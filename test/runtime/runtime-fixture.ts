// Images made of sources given as text, and invocations of them.
import { join } from "node:path";
import { decodeResponse, encodeRequest } from "#protocol/message.ts";
import type { Execution, Invocation } from "#runtime/execution.ts";
import type { Image } from "#runtime/image/image.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { blobReader, scratchFolder } from "./image/image-fixture.ts";

/** An image of one file; `.js` by default. */
export async function imageOf(content: string | Uint8Array, file = "service.js"): Promise<Image> {
  await using folder = await scratchFolder({ [file]: content });
  const packed = await packImage(join(folder.path, file));
  return openImage(packed.digest, blobReader(packed));
}

export function invocationOf(body: string, limits: Partial<Invocation["limits"]> = {}): Invocation {
  return {
    request: encodeRequest({ method: "POST", url: "/", headers: [], body: Buffer.from(body) }),
    virtualTimeMillis: 1_700_000_000_000,
    seed: new Uint8Array(32).fill(3),
    limits: { fuel: 1_000_000_000n, memoryPages: 1_024, responseBytes: 1_048_576, ...limits },
  };
}

export function textOf(execution: Execution): string {
  return Buffer.from(decodeResponse(execution.response).body).toString();
}
