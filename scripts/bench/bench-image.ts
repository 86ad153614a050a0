// Images for the benchmarks: the smallest useful program of each lane.
import { encodeRequest } from "#protocol/message.ts";
import type { Digest } from "#protocol/units.ts";
import type { Invocation } from "#runtime/execution.ts";
import type { Image, ImageKind } from "#runtime/image/image.ts";
import { imageRuntime } from "#runtime/runtime-id.ts";

/** A WASI command that copies stdin to stdout. */
export const ECHO_WASM = Buffer.from(
  "AGFzbQEAAAABDAJgBH9/f38Bf2AAAAJEAhZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxB2ZkX3JlYWQAABZ3YXNpX3NuYXBzaG90X3ByZXZpZXcx" +
    "CGZkX3dyaXRlAAADAgEBBQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAIKSQFHAEEAQcAANgIAQQRBgCA2AgADQEEAQQBBAUEQEAAaQRAoAgAE" +
    "QEEIQcAANgIAQQxBECgCADYCAEEBQQhBAUEUEAEaDAELCws=",
  "base64",
);

/** Parses JSON, sorts, hashes and writes JSON: what a small service does. */
export const JSON_HANDLER = `export default {
  async fetch(request) {
    const rows = await request.json();
    rows.sort((a, b) => a.value - b.value);
    let hash = 2166136261;
    for (const { name } of rows) for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
    return Response.json({ hash, first: rows[0] });
  },
};`;

const JSON_ROWS = Array.from({ length: 8 }, (_, row) => ({ name: `row-${row}`, value: (row * 7919) % 101 }));

/** An opened image around a program; its digest is only a name here. */
export function benchImage(kind: ImageKind, layer: Uint8Array): Image {
  const digest = `sha256:${"0".repeat(64)}` as Digest;
  return {
    digest,
    layer,
    manifest: {} as Image["manifest"],
    config: {
      kind,
      name: "bench",
      version: "1",
      limits: { fuel: 1_000_000_000n, memoryPages: 1_024, responseBytes: 65_536 },
      runtime: imageRuntime(kind),
      arguments: ["bench"],
      environment: {},
    },
  };
}

export function benchInvocation(body = JSON.stringify(JSON_ROWS)): Invocation {
  return {
    request: encodeRequest({ method: "POST", url: "/", headers: [], body: Buffer.from(body) }),
    virtualTimeMillis: 1_700_000_000_000,
    seed: new Uint8Array(32),
    limits: { fuel: 1_000_000_000n, memoryPages: 1_024, responseBytes: 65_536 },
  };
}

/** The median of `rounds` values of `measure`. */
export async function median(rounds: number, measure: () => number | Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return values.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}
