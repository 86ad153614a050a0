// The words of images: what a packed and an opened microservice are. It holds no behaviour.
import type { Digest } from "#protocol/units.ts";
import type { ExecutionLimits } from "../execution.ts";

export const MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
export const ARTIFACT_TYPE = "application/vnd.mimik.microservice.v1";
export const CONFIG_MEDIA_TYPE = "application/vnd.mimik.microservice.config.v1+json";
export const JAVASCRIPT_MEDIA_TYPE = "application/vnd.mimik.microservice.javascript.v1";
export const WASM_MEDIA_TYPE = "application/wasm";

/**
 * `javascript`: a module whose default export has `fetch(request)`. `wasi`: a WASI preview 1 command, request body on
 * stdin, response body on stdout. `wasm`: a library that speaks the `mimik` request ABI.
 */
export type ImageKind = "javascript" | "wasi" | "wasm";

/** One blob as an OCI manifest names it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** An OCI image manifest with exactly one layer: the program. */
export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MANIFEST_MEDIA_TYPE;
  readonly artifactType: typeof ARTIFACT_TYPE;
  readonly config: Descriptor;
  readonly layers: readonly [Descriptor];
  readonly annotations: Readonly<Record<string, string>>;
}

/** What fixes the meaning of the program's fuel: a node that has another version must refuse the image. */
export interface ImageRuntime {
  readonly meteringVersion: number;
  /** Names the JavaScript engine with its web API; absent where the program is WebAssembly itself. */
  readonly engineDigest?: Digest;
}

export interface ImageConfig {
  readonly kind: ImageKind;
  readonly name: string;
  readonly version: string;
  /** What the microservice asks for; an invocation's own limits decide. */
  readonly limits: ExecutionLimits;
  readonly runtime: ImageRuntime;
  /** Arguments of a `wasi` program, its own name first. */
  readonly arguments: readonly string[];
  /** Environment of a `wasi` program. */
  readonly environment: Readonly<Record<string, string>>;
}

/** An image whose every byte has been checked against its digest. */
export interface Image {
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly layer: Uint8Array;
}

/** An image as it is stored and sent: the manifest, config and layer under their digests. */
export interface PackedImage {
  /** The manifest's. */
  readonly digest: Digest;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}
