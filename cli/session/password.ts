// The wallet's password: from the environment, a file, or a person.
import { readFile } from "node:fs/promises";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Io } from "../command/io.ts";
import type { Settings } from "../settings/settings.ts";

/** Shorter ones fall to a dictionary even behind scrypt. */
const PASSWORD_CHARS_MIN = 8;

/** @throws `password-missing`, `cancelled` */
export async function readPassword(io: Io, settings: Settings, wallet: string): Promise<string> {
  const given = await givenPassword(settings);
  if (given !== undefined) return given;
  return askPassword(io, `Password of wallet ${wallet}`);
}

/** A new wallet's password, asked twice. @throws `password-missing`, `password-too-short`, `password-differs` */
export async function newPassword(io: Io, settings: Settings, wallet: string): Promise<string> {
  const given = await givenPassword(settings);
  const password = given ?? (await askPassword(io, `New password for wallet ${wallet}`));
  if (password.length < PASSWORD_CHARS_MIN) {
    const message = `The password has ${password.length} characters, at least ${PASSWORD_CHARS_MIN} are needed.`;
    throw new ProtocolError("invalid", "password-too-short", message, { hint: "Choose a longer one." });
  }
  if (given === undefined && (await askPassword(io, "Once more")) !== password) {
    throw new ProtocolError("invalid", "password-differs", "The two passwords differ. No wallet was made.", {
      hint: "Run the command again.",
    });
  }
  return password;
}

async function givenPassword({ password, passwordFile }: Settings): Promise<string | undefined> {
  if (password !== undefined) return password;
  if (passwordFile === undefined) return undefined;
  return (await readFile(passwordFile, "utf8")).replace(/\r?\n$/, "");
}

async function askPassword(io: Io, message: string): Promise<string> {
  if (!io.interactive) {
    throw new ProtocolError("unauthorized", "password-missing", "The wallet's password is needed.", {
      hint: "Set MIMIK_PASSWORD, or name a file with --password-file.",
    });
  }
  const { isCancel, password } = await import("@clack/prompts");
  const answer = await password({ message, output: process.stderr });
  if (!isCancel(answer)) return answer;
  throw new ProtocolError("cancelled", "cancelled", "The command was stopped.", { hint: "Nothing was done." });
}
