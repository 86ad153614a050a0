// The flags that every command has. They stand above the environment and the config file.
import type { Flag, RawOptions } from "../command/command.ts";
import { addressOption, integerOption, textOption } from "../command/option-values.ts";

export const SETTING_FLAGS: readonly Flag[] = [
  { form: "--home <folder>", summary: "where keys, jobs and settings are (MIMIK_HOME, ~/.mimik)" },
  { form: "--rpc-url <url>", summary: "endpoint of the chain (MIMIK_RPC_URL)" },
  { form: "--chain-id <number>", summary: "the chain that is meant (MIMIK_CHAIN_ID)" },
  { form: "--exchange <address>", summary: "the exchange contract (MIMIK_EXCHANGE)" },
  { form: "--marketplace <url>", summary: "the marketplace (MIMIK_MARKETPLACE)" },
  { form: "--wallet <name>", summary: "name or address of the wallet (MIMIK_WALLET)" },
  { form: "--password-file <file>", summary: "file with the wallet's password (MIMIK_PASSWORD_FILE, MIMIK_PASSWORD)" },
  { form: "--json", summary: "print one JSON object and nothing else" },
];

export interface SettingFlags {
  readonly home?: string | undefined;
  readonly rpcUrl?: string | undefined;
  readonly chainId?: number | undefined;
  readonly exchange?: `0x${string}` | undefined;
  readonly marketplace?: string | undefined;
  readonly wallet?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** @throws `option-invalid` */
export function settingFlags(raw: RawOptions): SettingFlags {
  return {
    home: textOption(raw, "home"),
    rpcUrl: textOption(raw, "rpcUrl"),
    chainId: integerOption(raw, "chainId", 1, Number.MAX_SAFE_INTEGER),
    exchange: addressOption(raw, "exchange"),
    marketplace: textOption(raw, "marketplace"),
    wallet: textOption(raw, "wallet"),
    passwordFile: textOption(raw, "passwordFile"),
  };
}
