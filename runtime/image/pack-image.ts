// From a file or folder to an image: the same source gives the same digest on every machine, whatever the time or path.
import { readFile, stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { z } from "zod";
import { digestOf } from "#protocol/digest.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest } from "#protocol/units.ts";
import type { ExecutionLimits } from "../execution.ts";
import { imageRuntime } from "../runtime-id.ts";
import { bundleJavascript } from "./bundle-javascript.ts";
import {
  ARTIFACT_TYPE,
  CONFIG_MEDIA_TYPE,
  type ImageConfig,
  type ImageKind,
  JAVASCRIPT_MEDIA_TYPE,
  MANIFEST_MEDIA_TYPE,
  type PackedImage,
  WASM_MEDIA_TYPE,
} from "./image.ts";
import { decodeConfig, encodeConfig, encodeManifest } from "./image-document.ts";
import { wasmKind } from "./wasm-kind.ts";

export interface PackOptions {
  /** By default package.json's, or the file's own name. */
  readonly name?: string;
  readonly version?: string;
  /** What the microservice asks for; by default package.json's `mimik.limits`, or the defaults. */
  readonly limits?: Partial<ExecutionLimits>;
  /** Of a `wasi` program, without its own name. */
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Enough for a page of text or a small image; a microservice that needs more says so. */
const DEFAULT_LIMITS: ExecutionLimits = { fuel: 2_000_000_000n, memoryPages: 1_024, responseBytes: 1_048_576 };
const ENTRIES = ["index.ts", "index.mjs", "index.js"];
const SCRIPTS = [".js", ".mjs", ".ts", ".mts"];

const packageSchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  module: z.string().optional(),
  main: z.string().optional(),
  mimik: z
    .object({
      entry: z.string().optional(),
      limits: z.object({ fuel: z.coerce.bigint(), memoryPages: z.int(), responseBytes: z.int() }).partial().optional(),
      arguments: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});

interface Source {
  readonly entry: string;
  readonly options: PackOptions;
}

/**
 * Packs a `.js`, `.mjs`, `.ts` or `.wasm` file, or a folder with a package.json, into an image.
 * @throws `pack-source-missing`, `pack-unknown-kind`, `pack-absent-api`, `pack-no-handler`, `pack-failed`,
 * `module-malformed`, `module-invalid`, `module-refused`, `image-malformed`, `image-too-large`
 */
export async function packImage(path: string, options: PackOptions = {}): Promise<PackedImage> {
  const source = await findSource(resolve(path), options);
  const extension = extname(source.entry);
  if (extension === ".wasm") {
    const wasm = await readLayer(source.entry);
    return assemble(wasmKind(wasm), wasm, source);
  }
  if (SCRIPTS.includes(extension)) return assemble("javascript", await bundleJavascript(source.entry), source);
  throw new ProtocolError("invalid", "pack-unknown-kind", `${source.entry} is no microservice.`, {
    hint: "Give a .js, .mjs, .ts or .wasm file, or a folder with one.",
  });
}

async function findSource(path: string, options: PackOptions): Promise<Source> {
  const found = await stat(path).catch((cause: unknown) => {
    throw missing(path, "it does not exist", cause);
  });
  if (found.isFile()) return { entry: path, options: { name: nameOf(path), ...options } };
  const manifest = await readPackage(join(path, "package.json"));
  const named = [manifest.mimik?.entry, manifest.module, manifest.main].filter((entry) => entry !== undefined);
  for (const entry of [...named, ...ENTRIES]) {
    const file = join(path, entry);
    const isFile = await stat(file)
      .then((entryStat) => entryStat.isFile())
      .catch(() => false);
    if (isFile) return { entry: file, options: { ...optionsOf(manifest, path), ...options } };
  }
  throw missing(path, `it has neither an entry in package.json nor ${ENTRIES.join(", ")}`);
}

function optionsOf({ name, version, mimik }: z.infer<typeof packageSchema>, path: string): PackOptions {
  return {
    name: name ?? nameOf(path),
    ...(version !== undefined && { version }),
    ...(mimik?.limits && { limits: definedOf(mimik.limits) }),
    ...(mimik?.arguments && { arguments: mimik.arguments }),
    ...(mimik?.environment && { environment: mimik.environment }),
  };
}

function definedOf(limits: { [Name in keyof ExecutionLimits]?: ExecutionLimits[Name] | undefined }) {
  return Object.fromEntries(
    Object.entries(limits).filter(([, value]) => value !== undefined),
  ) as Partial<ExecutionLimits>;
}

async function readPackage(path: string): Promise<z.infer<typeof packageSchema>> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  try {
    return packageSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProtocolError("invalid", "pack-failed", `Cannot read ${path}.`, { hint: "Correct the file.", cause });
  }
}

async function readLayer(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > LIMITS.imageLayerBytes) {
    throw new ProtocolError("too-large", "image-too-large", `${path} has ${size} bytes.`, {
      hint: "Build it for size, or without what it does not need.",
      context: { size, limit: LIMITS.imageLayerBytes },
    });
  }
  return new Uint8Array(await readFile(path));
}

function assemble(kind: ImageKind, layer: Uint8Array, { options }: Source): PackedImage {
  const name = options.name ?? "microservice";
  const config: ImageConfig = {
    kind,
    name,
    version: options.version ?? "0.0.0",
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    runtime: imageRuntime(kind),
    arguments: kind === "wasi" ? [name, ...(options.arguments ?? [])] : [],
    environment: kind === "wasi" ? sorted(options.environment ?? {}) : {},
  };
  const configBytes = encodeConfig(config);
  // What cannot be opened must not be packed.
  decodeConfig(configBytes);
  const blobs = new Map<Digest, Uint8Array>();
  const describe = (mediaType: string, bytes: Uint8Array) => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: MANIFEST_MEDIA_TYPE,
    artifactType: ARTIFACT_TYPE,
    config: describe(CONFIG_MEDIA_TYPE, configBytes),
    layers: [describe(kind === "javascript" ? JAVASCRIPT_MEDIA_TYPE : WASM_MEDIA_TYPE, layer)],
    annotations: {
      "org.opencontainers.image.title": config.name,
      "org.opencontainers.image.version": config.version,
    },
  });
  return { digest: describe(MANIFEST_MEDIA_TYPE, manifest).digest, blobs };
}

function sorted(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A file's or folder's own name, made to fit the rules of names. */
function nameOf(path: string): string {
  const stem = basename(path, extname(path)).toLowerCase();
  return stem.replace(/[^a-z0-9._-]+/g, "-").replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "") || "microservice";
}

function missing(path: string, what: string, cause?: unknown): ProtocolError {
  return new ProtocolError("not-found", "pack-source-missing", `Cannot pack ${path}: ${what}.`, {
    hint: "Give a .js, .mjs, .ts or .wasm file, or a folder with a package.json.",
    cause,
  });
}
