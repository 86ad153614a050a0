// The wallet that the settings mean: a key file in the home's keystore.
import { basename, join } from "node:path";
import type { LocalAccount } from "viem";
import { listKeys, openKey, type StoredKey } from "#chain/keystore.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { CommandContext } from "../command/command-context.ts";
import type { Settings } from "../settings/settings.ts";
import { readPassword } from "./password.ts";

export interface Wallet {
  readonly name: string;
  readonly address: `0x${string}`;
  readonly path: string;
}

const NAME_FORM = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/;

export function keystoreOf(home: string): string {
  return join(home, "keystore");
}

/** @throws `wallet-name-invalid` */
export function walletPath(home: string, name: string): string {
  if (NAME_FORM.test(name)) return join(keystoreOf(home), `${name}.json`);
  throw new ProtocolError("invalid", "wallet-name-invalid", `"${name.slice(0, 70)}" cannot name a wallet.`, {
    hint: "Use letters, digits, dots, dashes and underscores, at most 64.",
  });
}

export async function listWallets(home: string): Promise<readonly Wallet[]> {
  return (await listKeys(keystoreOf(home))).map(walletOf);
}

/**
 * The chosen wallet, or the only one there is.
 * @throws `wallet-missing`, `wallet-unknown`, `wallet-not-chosen`
 */
export async function findWallet(settings: Settings): Promise<Wallet> {
  const wallets = await listWallets(settings.home);
  const wanted = settings.wallet;
  const [first] = wallets;
  if (wanted !== undefined) {
    const found = wallets.find(({ name, address }) => name === wanted || address === wanted.toLowerCase());
    if (found) return found;
    throw new ProtocolError("not-found", "wallet-unknown", `There is no wallet "${wanted}" in ${settings.home}.`, {
      hint: "See mimik wallet list.",
      context: { wallet: wanted },
    });
  }
  if (!first) {
    throw new ProtocolError("not-found", "wallet-missing", `There is no wallet in ${settings.home}.`, {
      hint: "Make one with mimik wallet create.",
    });
  }
  if (wallets.length === 1) return first;
  throw new ProtocolError("invalid", "wallet-not-chosen", `There are ${wallets.length} wallets; none is chosen.`, {
    hint: "Name one with --wallet, MIMIK_WALLET or in config.toml.",
    context: { wallets: wallets.map(({ name }) => name) },
  });
}

/** Asks for the password where it must. @throws as findWallet, `password-missing`, `password-wrong` */
export async function openWallet(context: CommandContext, settings: Settings): Promise<LocalAccount> {
  const wallet = await findWallet(settings);
  const password = await readPassword(context.io, settings, wallet.name);
  context.progress.update(`Opening wallet ${wallet.name}`);
  return openKey(wallet.path, password);
}

function walletOf({ path, address }: StoredKey): Wallet {
  return { name: basename(path, ".json"), address: address.toLowerCase() as `0x${string}`, path };
}
