// What the daemon runs by: every setting checked, said in plain sentences where it does not fit, and frozen.
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { Address } from "viem";
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Amount, parseAmount } from "#protocol/units.ts";
import type { Rates } from "#protocol/usage.ts";
import * as wire from "#protocol/wire.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { NodeSettings } from "./node-settings.ts";

export interface NodeConfig {
  readonly home: string;
  readonly listen: { readonly host: string; readonly port: number; readonly portsTried: number };
  /** Undefined: the address on which the node listens. */
  readonly endpoint: string | undefined;
  readonly owner: Address;
  readonly chain: { readonly rpcUrl: string; readonly chainId: number; readonly exchange: Address };
  readonly marketplaces: readonly string[];
  readonly rates: Rates;
  readonly slots: number;
  readonly queueOrders: number;
  readonly memoryPages: number;
  /** What may be served in one lease unpaid, base units. */
  readonly credit: Amount;
  readonly scopes: readonly string[];
  readonly isolation: "auto" | "process";
  /** Undefined: the node signs the clearings and claims of others and pays the gas of none. */
  readonly clearing: ClearingTerms | undefined;
  readonly storage: { readonly blobBytes: number; readonly responseSeconds: number };
  readonly key: { readonly file: string; readonly password: string | undefined; readonly passwordFile: string };
  readonly logLevel: LogLevel;
  readonly migrations: string | undefined;
}

/** For all that the node sends to the chain: clearings, claims, forced orders, accusations and calls of the court. */
export interface ClearingTerms {
  /** Of a whole coin of the chain, base units of the payment token. */
  readonly coinPrice: Amount;
  /** The most of its gain that the node spends on gas while it can wait, 1/10,000. */
  readonly costShareBps: number;
  /** The most that it spends on one accusation, which pays nobody, base units. */
  readonly accusationCost: Amount;
  /** The most that it spends on one call that defends its stake or serves a jury, base units. */
  readonly courtCost: Amount;
}

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const MIB = 1024 * 1024;
const count = (min: number, max: number) =>
  z.number(`must be a whole number`).int("must be a whole number").min(min, `must be at least ${min}`).max(max);
const url = z
  .string("must be a URL")
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), "must be an http or https URL")
  .transform((text) => text.replace(/\/+$/, ""));
/** Tokens as a person writes them, into base units. */
const tokens = (standard: string) =>
  z
    .string('must be tokens in quotes, such as "0.0005"')
    .regex(/^\d{1,20}(\.\d{1,6})?$/, 'must be tokens with at most 6 decimals, such as "0.0005"')
    .default(standard)
    .transform(parseAmount);

/** Standard rates make the sample job, about 10^9 fuel, cost about a thousandth of a token. */
const schema = z.strictObject({
  home: z.string("must be a directory").min(1, "must be a directory"),
  listen: z
    .strictObject({
      host: z.string().min(1).default("127.0.0.1"),
      port: count(0, 65_535).default(7710),
      portsTried: count(0, 100).default(0),
    })
    .prefault({}),
  endpoint: url.optional(),
  owner: wire.address,
  chain: z.strictObject({ rpcUrl: url, chainId: count(1, Number.MAX_SAFE_INTEGER), exchange: wire.address }),
  marketplaces: z.array(url).max(NODE_LIMITS.marketplaces).default([]),
  rates: z
    .strictObject({
      job: tokens("0.0001"),
      fuel: tokens("0.0005"),
      memory: tokens("0.0001"),
      bytes: tokens("0.0001"),
      events: tokens("0.0001"),
    })
    .prefault({}),
  slots: count(1, 1_024).default(() => Math.max(1, availableParallelism() - 1)),
  queueOrders: count(1, 10_000).default(64),
  memoryPages: count(1, LIMITS.jobMemoryPages).default(4_096),
  /** The largest order at the standard rates: one order must never be refused for the one before it. */
  credit: tokens("30"),
  scopes: z.array(wire.scope).max(LIMITS.offerScopes).default([]),
  isolation: z.enum(["auto", "process"]).default("auto"),
  clearing: z
    .strictObject({
      coinPrice: tokens("0"),
      costShareBps: count(1, 10_000).default(1_000),
      accusationCost: tokens("0"),
      courtCost: tokens("10"),
    })
    .optional(),
  storage: z
    .strictObject({
      blobMiB: count(64, 1_048_576).default(2_048),
      /** How long an answer can be fetched after its order's deadline. */
      responseSeconds: count(0, 30 * 86_400).default(3_600),
    })
    .prefault({}),
  key: z
    .strictObject({
      file: z.string().min(1).optional(),
      password: z.string().min(1).optional(),
      passwordFile: z.string().min(1).optional(),
    })
    .prefault({}),
  logLevel: z.enum(LOG_LEVELS).default("info"),
  migrations: z.string().min(1).optional(),
});

/**
 * The frozen configuration from settings.
 * @throws `config-invalid` naming the setting and what it must be
 */
export function nodeConfig(settings: NodeSettings): NodeConfig {
  const result = schema.safeParse(settings);
  if (!result.success) throw refusedSetting(result.error, settings);
  const { storage, key, ...rest } = result.data;
  const home = resolve(rest.home);
  return deepFreeze({
    ...rest,
    home,
    endpoint: rest.endpoint,
    clearing: rest.clearing,
    migrations: rest.migrations,
    storage: { blobBytes: storage.blobMiB * MIB, responseSeconds: storage.responseSeconds },
    key: {
      file: resolve(home, key.file ?? "node-key.json"),
      password: key.password,
      passwordFile: key.passwordFile ? resolve(home, key.passwordFile) : join(home, "node-key.password"),
    },
  });
}

/** Names the setting and repeats the value, unless it is a secret. */
function refusedSetting(error: z.ZodError, settings: NodeSettings): ProtocolError {
  const [issue] = error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].map(String);
  const name = path.join(".") || "node.toml";
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], settings);
  const missing = value === undefined;
  const what = unknown !== undefined ? "is not a setting of a node" : missing ? "is missing" : `${issue?.message}`;
  return new ProtocolError("invalid", "config-invalid", `The setting ${name} ${what}.`, {
    hint: unknown === undefined ? `Set ${name} in node.toml, or by its flag.` : `Take ${name} out of node.toml.`,
    context: { setting: name, value: missing || name.includes("password") ? null : String(value).slice(0, 80) },
  });
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const field of Object.values(value)) if (typeof field === "object" && field !== null) deepFreeze(field);
  return Object.freeze(value);
}
