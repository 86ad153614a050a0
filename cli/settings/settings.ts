// Settings of one command: flags, then environment, then config.toml in the home folder, then what a local market left.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { readLocalContext } from "./local-context.ts";
import type { SettingFlags } from "./setting-flags.ts";

export interface Settings {
  readonly home: string;
  readonly rpcUrl: string | undefined;
  readonly chainId: number | undefined;
  readonly exchange: `0x${string}` | undefined;
  /** Block of the exchange's deployment, where known. */
  readonly deployedAt: number | undefined;
  readonly marketplace: string | undefined;
  /** Name or address. */
  readonly wallet: string | undefined;
  readonly password: string | undefined;
  readonly passwordFile: string | undefined;
}

const text = z.string().min(1).max(4_096);
const configFile = z.strictObject({
  rpc_url: text.optional(),
  chain_id: z.int().positive().optional(),
  exchange: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .optional(),
  marketplace: text.optional(),
  wallet: text.optional(),
  password_file: text.optional(),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder that holds everything of one person. */
export function homeOf(flags: SettingFlags, env: Environment): string {
  return flags.home ?? env.MIMIK_HOME ?? join(homedir(), ".mimik");
}

/**
 * A local market's values stand together: none of them is used when the chain is chosen otherwise.
 * @throws `config-malformed`, `environment-malformed`, `local-context-malformed`
 */
export async function loadSettings(flags: SettingFlags, env: Environment): Promise<Settings> {
  const home = homeOf(flags, env);
  const file = await readConfig(join(home, "config.toml"));
  const rpcUrl = flags.rpcUrl ?? env.MIMIK_RPC_URL ?? file.rpc_url;
  const local = rpcUrl === undefined ? await readLocalContext(home) : undefined;
  const exchange = flags.exchange ?? env.MIMIK_EXCHANGE ?? file.exchange ?? local?.exchange;
  return {
    home,
    rpcUrl: rpcUrl ?? local?.rpcUrl,
    chainId: flags.chainId ?? chainIdOf(env.MIMIK_CHAIN_ID) ?? file.chain_id ?? local?.chainId,
    exchange: exchange?.toLowerCase() as `0x${string}` | undefined,
    deployedAt: local?.deployedAt,
    marketplace: flags.marketplace ?? env.MIMIK_MARKETPLACE ?? file.marketplace ?? local?.marketplace,
    wallet: flags.wallet ?? env.MIMIK_WALLET ?? file.wallet ?? local?.wallet,
    password: flags.passwordFile === undefined ? env.MIMIK_PASSWORD : undefined,
    passwordFile: flags.passwordFile ?? env.MIMIK_PASSWORD_FILE ?? file.password_file ?? local?.passwordFile,
  };
}

async function readConfig(path: string): Promise<z.output<typeof configFile>> {
  let source: string;
  try {
    source = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  const { parse } = await import("smol-toml");
  try {
    return configFile.parse(parse(source));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? `${cause.issues[0]?.path.join(".")}: ${cause.issues[0]?.message}` : cause;
    const first = String(why instanceof Error ? why.message : why).split("\n")[0];
    throw new ProtocolError("invalid", "config-malformed", `${path} cannot be used: ${first}`, {
      hint: "It may have rpc_url, chain_id, exchange, marketplace, wallet and password_file.",
      cause,
    });
  }
}

function chainIdOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,15}$/.test(value)) return Number(value);
  throw new ProtocolError(
    "invalid",
    "environment-malformed",
    `MIMIK_CHAIN_ID "${value.slice(0, 40)}" is no chain id.`,
    {
      hint: "Give a whole number, such as 31337.",
    },
  );
}
