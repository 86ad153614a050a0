// A marketplace's settings in three steps: read the environment, check with plain sentences, freeze.
import { join, resolve } from "node:path";
import { type Address, isAddress } from "viem";
import type { ChainSettings } from "#chain/connect.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { PostLimits } from "../api/post-limiter.ts";

/** Everything as its user wrote it; what is absent takes its default. */
export interface MarketplaceSettings {
  /** Version of the program, for those who ask. */
  readonly version?: string | undefined;
  readonly rpcUrl?: string | undefined;
  readonly chainId?: string | number | undefined;
  readonly exchange?: string | undefined;
  /** Block of the exchange's deployment. */
  readonly deployedAt?: string | number | undefined;
  readonly host?: string | undefined;
  readonly port?: string | number | undefined;
  /** Folder of the database. */
  readonly home?: string | undefined;
  readonly confirmations?: string | number | undefined;
  readonly pollMillis?: string | number | undefined;
  readonly postBurst?: string | number | undefined;
  readonly postsPerSecond?: string | number | undefined;
  readonly migrationsDirectory?: string | undefined;
  readonly dashboardDirectory?: string | undefined;
}

export interface MarketplaceConfig extends PostLimits {
  readonly version: string;
  readonly chain: ChainSettings;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** How many ports above `port` to try when it is taken. */
  readonly portsTried: number;
  readonly databasePath: string;
  readonly migrationsDirectory: string;
  readonly dashboardDirectory: string;
  /** Blocks on top of one before it counts as final. */
  readonly confirmations: number;
  readonly pollMillis: number;
}

const PORT_DEFAULT = 8_700;
const PORTS_TRIED = 20;
/** The checkout's or package's folder: two above this source, one above a bundle in dist/. */
const ROOT = resolve(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../.." : "..");

/** The settings that the environment names: MIMIK_RPC_URL, MIMIK_MARKETPLACE_PORT and so on. */
export function readMarketplaceEnvironment(env: Readonly<Record<string, string | undefined>>): MarketplaceSettings {
  return {
    rpcUrl: env.MIMIK_RPC_URL,
    chainId: env.MIMIK_CHAIN_ID,
    exchange: env.MIMIK_EXCHANGE,
    deployedAt: env.MIMIK_EXCHANGE_BLOCK,
    host: env.MIMIK_MARKETPLACE_HOST,
    port: env.MIMIK_MARKETPLACE_PORT,
    home: env.MIMIK_MARKETPLACE_HOME,
    confirmations: env.MIMIK_CONFIRMATIONS,
    pollMillis: env.MIMIK_POLL_MILLIS,
    postBurst: env.MIMIK_MARKETPLACE_POST_BURST,
    postsPerSecond: env.MIMIK_MARKETPLACE_POSTS_PER_SECOND,
  };
}

/** @throws `setting-missing`, `setting-malformed` */
export function parseMarketplaceConfig(settings: MarketplaceSettings): MarketplaceConfig {
  const whole = (name: keyof MarketplaceSettings, fallback: number | undefined, min: number, max: number) =>
    wholeNumber(name, settings[name], fallback, min, max);
  return Object.freeze({
    version: settings.version ?? "unversioned",
    chain: Object.freeze({
      rpcUrl: httpUrl(settings.rpcUrl),
      chainId: whole("chainId", undefined, 1, Number.MAX_SAFE_INTEGER),
      exchange: exchangeAddress(settings.exchange),
      deployedAt: whole("deployedAt", 0, 0, Number.MAX_SAFE_INTEGER),
    }),
    host: settings.host ?? "127.0.0.1",
    port: whole("port", PORT_DEFAULT, 0, 65_535),
    portsTried: PORTS_TRIED,
    databasePath: join(resolve(settings.home ?? ".mimik/marketplace"), "marketplace.sqlite"),
    migrationsDirectory: resolve(settings.migrationsDirectory ?? join(ROOT, "marketplace/store/migrations")),
    dashboardDirectory: resolve(settings.dashboardDirectory ?? join(ROOT, "dist/dashboard")),
    confirmations: whole("confirmations", 1, 0, 10_000),
    pollMillis: whole("pollMillis", 1_000, 50, 600_000),
    postBurst: whole("postBurst", 120, 1, 1_000_000),
    postsPerSecond: whole("postsPerSecond", 20, 1, 1_000_000),
  });
}

function wholeNumber(name: string, value: unknown, fallback: number | undefined, min: number, max: number): number {
  if (value === undefined || value === "") {
    if (fallback !== undefined) return fallback;
    throw missing(name);
  }
  const number = /^\d{1,16}$/.test(String(value)) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw malformed(name, value, `a whole number from ${min} to ${max}`);
}

function httpUrl(value: string | undefined): string {
  if (!value) throw missing("rpcUrl");
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw malformed("rpcUrl", value, "an http or https URL");
}

function exchangeAddress(value: string | undefined): Address {
  if (!value) throw missing("exchange");
  if (isAddress(value, { strict: false })) return value.toLowerCase() as Address;
  throw malformed("exchange", value, "an address: 0x and 40 hex digits");
}

function missing(name: string): ProtocolError {
  return new ProtocolError("invalid", "setting-missing", `The marketplace needs the setting ${name}.`, {
    hint: "Set it, or start on a chain whose deployment is known.",
    context: { setting: name },
  });
}

function malformed(name: string, value: unknown, wanted: string): ProtocolError {
  return new ProtocolError(
    "invalid",
    "setting-malformed",
    `The setting ${name} is "${String(value).slice(0, 80)}", it must be ${wanted}.`,
    { hint: "Correct the setting.", context: { setting: name } },
  );
}
