// Who takes part in a local market: Hardhat's development accounts under names, with wallets like any other.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, type LocalAccount } from "viem";
import { type HDAccount, mnemonicToAccount } from "viem/accounts";
import { createKey } from "#chain/keystore.ts";

export interface NamedAccount {
  readonly name: string;
  readonly account: LocalAccount;
}

export interface LocalAccounts {
  /** Deploys the contracts and has no rights afterwards. */
  readonly deployer: LocalAccount;
  /** One for each node. */
  readonly owners: readonly NamedAccount[];
  readonly consumer: NamedAccount;
}

/** Known to everybody who knows Hardhat: what these accounts own is worthless by definition. */
const MNEMONIC = "test test test test test test test test test test test junk";
const LOCAL_SCRYPT_N = 4_096;

export function localAccounts(owners: number): LocalAccounts {
  return {
    deployer: account(0),
    owners: Array.from({ length: owners }, (_, index) => ({ name: `owner-${index + 1}`, account: account(index + 1) })),
    consumer: { name: "consumer", account: account(owners + 1) },
  };
}

function account(addressIndex: number): HDAccount {
  return mnemonicToAccount(MNEMONIC, { addressIndex });
}

/** The wallets' file names in the home's keystore, apart from wallets with real money. */
export function walletName(name: string): string {
  return `local-${name}`;
}

/**
 * Makes the wallets that are missing in `home`, and the file with their password.
 * @returns path of the password file
 */
export async function writeLocalWallets(home: string, people: readonly NamedAccount[]): Promise<string> {
  const keystore = join(home, "keystore");
  await mkdir(keystore, { recursive: true, mode: 0o700 });
  const passwordFile = join(home, "local-password");
  const fresh = !existsSync(passwordFile);
  if (fresh) await writeFile(passwordFile, randomBytes(16).toString("hex"), { mode: 0o600 });
  const password = await readFile(passwordFile, "utf8");
  await Promise.all(
    people.map(async ({ name, account: person }) => {
      const path = join(keystore, `${walletName(name)}.json`);
      // A wallet whose password is lost cannot be opened; these keys are public, so it is simply written again.
      if (fresh) await rm(path, { force: true });
      if (existsSync(path)) return;
      await createKey(path, password, { privateKey: privateKeyOf(person), scryptN: LOCAL_SCRYPT_N });
    }),
  );
  return passwordFile;
}

function privateKeyOf(person: LocalAccount): `0x${string}` {
  const key = (person as HDAccount).getHdKey().privateKey;
  if (!key) throw new Error(`No private key for ${person.address}`);
  return bytesToHex(key);
}
