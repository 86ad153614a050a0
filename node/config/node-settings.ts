// What an owner may set, as it is written in node.toml, in the environment or in flags: nothing is decided yet.
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { NODE_LIMITS } from "../limits.ts";

/** Every setting is optional here; `nodeConfig` says which are needed. Rates are tokens, such as "0.0005". */
export interface NodeSettings {
  readonly home?: string | undefined;
  readonly listen?: { readonly host?: string; readonly port?: number; readonly portsTried?: number } | undefined;
  /** Base URL under which others reach the node; without it, the address on which it listens. */
  readonly endpoint?: string | undefined;
  readonly owner?: string | undefined;
  readonly chain?: { readonly rpcUrl?: string; readonly chainId?: number; readonly exchange?: string } | undefined;
  readonly marketplaces?: readonly string[] | undefined;
  readonly rates?: Partial<Record<"job" | "fuel" | "memory" | "bytes" | "events", string>> | undefined;
  /** Jobs at once. */
  readonly slots?: number | undefined;
  /** Orders accepted and not finished, at most. */
  readonly queueOrders?: number | undefined;
  /** Largest memory of one job, 64 KiB pages. */
  readonly memoryPages?: number | undefined;
  /** Tokens that may be served in one lease before they are signed for, such as "30". */
  readonly credit?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly isolation?: "auto" | "process" | undefined;
  /**
   * Pays the gas of what the node sends: tokens that a whole coin of the chain costs, such as "2000", the share of the
   * gain to spend, and the tokens that one accusation and one call of the court may cost.
   */
  readonly clearing?:
    | {
        readonly coinPrice?: string;
        readonly costShareBps?: number;
        readonly accusationCost?: string;
        readonly courtCost?: string;
      }
    | undefined;
  readonly storage?: { readonly blobMiB?: number; readonly responseSeconds?: number } | undefined;
  readonly key?: { readonly file?: string; readonly password?: string; readonly passwordFile?: string } | undefined;
  readonly logLevel?: string | undefined;
  /** Folder of the store's migrations, where they are not beside the program. */
  readonly migrations?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings: flags win over the environment, the environment over `node.toml` in the home directory.
 * @throws `config-unreadable`
 */
export function readNodeSettings(flags: NodeSettings = {}, env: Environment = process.env): NodeSettings {
  const home = flags.home ?? env.MIMIK_NODE_HOME ?? join(env.MIMIK_HOME ?? join(homedir(), ".mimik"), "node");
  return [readFile(join(home, "node.toml")), fromEnvironment(env), flags, { home }].reduce(merge);
}

function fromEnvironment(env: Environment): NodeSettings {
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return compact({
    listen: compact({ host: env.MIMIK_NODE_HOST, port: number(env.MIMIK_NODE_PORT) }),
    endpoint: env.MIMIK_NODE_ENDPOINT,
    owner: env.MIMIK_OWNER,
    chain: compact({
      rpcUrl: env.MIMIK_RPC_URL,
      chainId: number(env.MIMIK_CHAIN_ID),
      exchange: env.MIMIK_EXCHANGE,
    }),
    marketplaces: env.MIMIK_MARKETPLACE?.split(",").map((url) => url.trim()),
    key: compact({ password: env.MIMIK_PASSWORD }),
    logLevel: env.MIMIK_LOG_LEVEL,
  }) as NodeSettings;
}

function readFile(path: string): NodeSettings {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return {};
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > NODE_LIMITS.configBytes) throw new Error(`longer than ${NODE_LIMITS.configBytes} characters`);
    return parse(text) as NodeSettings;
  } catch (cause) {
    throw new ProtocolError("invalid", "config-unreadable", `Cannot read ${path}: ${(cause as Error).message}`, {
      hint: "Correct the file; it is TOML.",
      context: { path },
      cause,
    });
  }
}

/** Tables are merged key by key, everything else is replaced. */
function merge(low: NodeSettings, high: NodeSettings): NodeSettings {
  const merged: Record<string, unknown> = { ...low };
  for (const [name, value] of Object.entries(high)) {
    if (value === undefined) continue;
    const below = merged[name];
    merged[name] = isTable(below) && isTable(value) ? { ...below, ...compact(value) } : value;
  }
  return merged as NodeSettings;
}

function compact(table: Record<string, unknown>): Record<string, unknown> {
  const given = Object.entries(table).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.filter(([, value]) => !isTable(value) || Object.keys(value).length > 0));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
