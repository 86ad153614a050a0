// The node's own key: made at the first start, encrypted in the home directory. It signs offers, commitments and
// attestations; it cannot move the owner's money.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { LocalAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { createKey, openSecret } from "#chain/keystore.ts";
import { type BlsSecret, blsSecretOf } from "#protocol/bls.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeConfig } from "../config/node-config.ts";

/** A generated password has 256 bits, which no search finds: stretching it would only slow the start down. */
const GENERATED_SCRYPT_N = 4_096;

export interface NodeKey {
  readonly account: LocalAccount;
  /** Derived from the same key: with it the node signs as a juror. */
  readonly juror: BlsSecret;
}

/**
 * Opens the key, making it when there is none. Without a password from its owner, a random one is kept beside it with
 * mode 0600, so that the daemon can start by itself.
 * @throws `password-unreadable`, and as `openSecret`
 */
export async function openNodeKey({ key, home }: Pick<NodeConfig, "key" | "home">): Promise<NodeKey> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  mkdirSync(dirname(key.file), { recursive: true, mode: 0o700 });
  const generated = key.password === undefined && !existsSync(key.passwordFile) && !existsSync(key.file);
  if (generated) writeFileSync(key.passwordFile, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
  const password = key.password ?? readPassword(key.passwordFile);
  if (!existsSync(key.file)) await createKey(key.file, password, generated ? { scryptN: GENERATED_SCRYPT_N } : {});
  const secret = await openSecret(key.file, password);
  return { account: privateKeyToAccount(secret), juror: blsSecretOf(secret) };
}

function readPassword(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new ProtocolError("unauthorized", "password-unreadable", `Cannot read the node key's password: ${path}.`, {
      hint: "Set key.password, key.passwordFile or MIMIK_PASSWORD.",
      context: { path },
      cause,
    });
  }
}
