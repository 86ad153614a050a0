// Decides how keys lie on disk: encrypted V3 files, which other wallets read too, for their owner's eyes only.
// It never keeps a password, and it never writes over a key.
import { link, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { decryptKeystoreJson, encryptKeystoreJson } from "ethers/wallet";
import { type Address, getAddress, type Hex, isAddress, type LocalAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { CHAIN_LIMITS } from "./limits.ts";

export interface CreateKeyOptions {
  /** Imported; a new random key without it. */
  readonly privateKey?: Hex;
  /** Work of one password guess, a power of two; 2^17 unless told, which takes about a second. */
  readonly scryptN?: number;
  /** Told the finished share, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface StoredKey {
  readonly address: Address;
  readonly path: string;
}

const SCRYPT_N = 131_072;

/** Writes a key to `path`, readable by its owner alone. @throws `key-exists`, `private-key-malformed`, `password-empty` */
export async function createKey(path: string, password: string, options: CreateKeyOptions = {}): Promise<Address> {
  if (password === "") {
    throw new ProtocolError("invalid", "password-empty", "The password is empty; no key was made.", {
      hint: "Choose a password of several words.",
    });
  }
  if (await stat(path).catch(() => undefined)) throw keyExists(path);
  const privateKey = options.privateKey ?? generatePrivateKey();
  const { address } = toAccount(privateKey);
  const json = await encryptKeystoreJson({ address, privateKey }, password, {
    scrypt: { N: options.scryptN ?? SCRYPT_N },
    ...(options.onProgress && { progressCallback: options.onProgress }),
  });
  await writeOnce(path, `${json}\n`);
  return address;
}

/** The account of the key at `path`. @throws `key-missing`, `key-malformed`, `password-wrong` */
export async function openKey(
  path: string,
  password: string,
  options: Pick<CreateKeyOptions, "onProgress"> = {},
): Promise<LocalAccount> {
  return privateKeyToAccount(await openSecret(path, password, options));
}

/** The key at `path` itself, for who derives others from it. @throws as `openKey` */
export async function openSecret(
  path: string,
  password: string,
  options: Pick<CreateKeyOptions, "onProgress"> = {},
): Promise<Hex> {
  const text = await readKeyFile(path);
  if (addressOf(text) === undefined) throw keyMalformed(path);
  try {
    const { privateKey } = await decryptKeystoreJson(text, password, options.onProgress);
    return privateKey as Hex;
  } catch (cause) {
    if (!/incorrect password/i.test(String(cause))) throw keyMalformed(path, cause);
    throw new ProtocolError("unauthorized", "password-wrong", `The password does not open the key ${path}.`, {
      hint: "Try again; there is no other way to open it.",
      context: { path },
    });
  }
}

/** The address of the key at `path`, which is no secret. @throws `key-missing`, `key-malformed` */
export async function readKeyAddress(path: string): Promise<Address> {
  const address = addressOf(await readKeyFile(path));
  if (address === undefined) throw keyMalformed(path);
  return address;
}

/** The keys of a folder, by file name; what is no key is left out. An absent folder has none. */
export async function listKeys(folder: string): Promise<StoredKey[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const keys: StoredKey[] = [];
  for (const name of names
    .filter((each) => each.endsWith(".json"))
    .sort()
    .slice(0, CHAIN_LIMITS.keyFiles)) {
    const path = join(folder, name);
    const text = await readKeyFile(path).catch(() => "");
    const address = addressOf(text);
    if (address) keys.push({ address, path });
  }
  return keys;
}

/** Whole or not at all, and never over another file. */
async function writeOnce(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  const file = await open(temporary, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw keyExists(path);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readKeyFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > CHAIN_LIMITS.keyFileBytes) throw keyMalformed(path);
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError("not-found", "key-missing", `There is no readable key at ${path}.`, {
      hint: "Create one, or give the path of an existing one.",
      context: { path },
      cause,
    });
  }
}

/** The address that a V3 file names in the open; undefined when it is no such file. */
function addressOf(text: string): Address | undefined {
  try {
    const { address, version } = JSON.parse(text) as { address?: unknown; version?: unknown };
    const hex = `0x${String(address).replace(/^0x/i, "").toLowerCase()}`;
    return version === 3 && isAddress(hex) ? getAddress(hex) : undefined;
  } catch {
    return undefined;
  }
}

function toAccount(privateKey: Hex): LocalAccount {
  try {
    return privateKeyToAccount(privateKey);
  } catch {
    // The cause would carry the key into a log.
    throw new ProtocolError("invalid", "private-key-malformed", "This is not a private key.", {
      hint: "Give 0x and 64 hex digits.",
    });
  }
}

function keyExists(path: string): ProtocolError {
  return new ProtocolError("conflict", "key-exists", `There is a key at ${path} already; it was left as it is.`, {
    hint: "Choose another name.",
    context: { path },
  });
}

function keyMalformed(path: string, cause?: unknown): ProtocolError {
  return new ProtocolError("invalid", "key-malformed", `${path} is not an encrypted key of version 3.`, {
    hint: "Give the path of a V3 keystore file.",
    context: { path },
    cause,
  });
}
