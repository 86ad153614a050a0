// The JSON of an image, its manifest and config: written in one byte form, read only after every field is checked.
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { isDigest } from "#protocol/units.ts";
import {
  ARTIFACT_TYPE,
  CONFIG_MEDIA_TYPE,
  type ImageConfig,
  type ImageManifest,
  JAVASCRIPT_MEDIA_TYPE,
  MANIFEST_MEDIA_TYPE,
  WASM_MEDIA_TYPE,
} from "./image.ts";

/** A config is a manifest's peer in size: names, limits, arguments. */
export const CONFIG_BYTES_MAX = LIMITS.imageManifestBytes;

const digest = z.string().refine(isDigest, "is not a digest");
const descriptor = (mediaTypes: readonly [string, ...string[]], sizeMax: number) =>
  z.strictObject({ mediaType: z.enum(mediaTypes), digest, size: z.int().min(1).max(sizeMax) });

const manifestSchema = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MANIFEST_MEDIA_TYPE),
  artifactType: z.literal(ARTIFACT_TYPE),
  config: descriptor([CONFIG_MEDIA_TYPE], CONFIG_BYTES_MAX),
  layers: z.tuple([descriptor([JAVASCRIPT_MEDIA_TYPE, WASM_MEDIA_TYPE], LIMITS.imageLayerBytes)]),
  annotations: z.record(z.string().max(128), z.string().max(1024)),
});

const limitsSchema = z.strictObject({
  fuel: z
    .string()
    .regex(/^[1-9]\d{0,17}$/)
    .transform(BigInt)
    .refine((fuel) => fuel <= LIMITS.jobFuel, `is more than ${LIMITS.jobFuel}`),
  memoryPages: z.int().min(1).max(LIMITS.jobMemoryPages),
  responseBytes: z
    .int()
    .min(1)
    .max(LIMITS.messageHeadBytes + LIMITS.messageBodyBytes),
});

const configSchema = z.strictObject({
  kind: z.enum(["javascript", "wasi", "wasm"]),
  name: z.string().regex(/^[a-z0-9@](?:[a-z0-9._/@-]{0,126}[a-z0-9])?$/),
  version: z.string().regex(/^[0-9A-Za-z.+_-]{1,64}$/),
  limits: limitsSchema,
  runtime: z.strictObject({ meteringVersion: z.int().min(1), engineDigest: digest.optional() }),
  arguments: z.array(z.string().max(4096)).max(64),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), z.string().max(4096)),
});

/** The manifest's bytes; its digest names the image. */
export function encodeManifest(manifest: ImageManifest): Uint8Array {
  return encodeJson(manifest);
}

/** Fuel is written as a decimal string. */
export function encodeConfig(config: ImageConfig): Uint8Array {
  return encodeJson({ ...config, limits: { ...config.limits, fuel: config.limits.fuel.toString() } });
}

/** @throws `image-malformed`, `image-too-large` */
export function decodeManifest(bytes: Uint8Array): ImageManifest {
  return decode("manifest", bytes, manifestSchema) as ImageManifest;
}

/** @throws `image-malformed`, `image-too-large` */
export function decodeConfig(bytes: Uint8Array): ImageConfig {
  const config = decode("config", bytes, configSchema) as ImageConfig;
  if ((config.kind === "javascript") !== (config.runtime.engineDigest !== undefined)) {
    throw malformed("config", "an engine digest belongs to JavaScript images, and to every one of them");
  }
  return config;
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decode<T>(part: string, bytes: Uint8Array, schema: z.ZodType<T>): T {
  if (bytes.length > LIMITS.imageManifestBytes) {
    const size = bytes.length;
    throw new ProtocolError("too-large", "image-too-large", `The image's ${part} has ${size} bytes.`, {
      context: { size, limit: LIMITS.imageManifestBytes },
      hint: "Ask the microservice's author for an image packed by this program.",
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(part, "it is not JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw malformed(part, `${issue?.path.join(".") || "document"}: ${issue?.message ?? "invalid"}`, parsed.error);
}

function malformed(part: string, what: string, cause?: unknown): ProtocolError {
  return new ProtocolError("invalid", "image-malformed", `The image's ${part} is malformed: ${what}.`, {
    hint: "Ask the microservice's author for an image packed by this program.",
    cause,
  });
}
