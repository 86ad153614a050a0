import { mkdir, readFile, stat } from "node:fs/promises";
import { createKey } from "#chain/keystore.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { settingsOf } from "../../../session/open-session.ts";
import { keystoreOf, walletPath } from "../../../session/open-wallet.ts";
import { newPassword } from "../../../session/password.ts";
import type { WalletCreateOptions } from "./wallet-create-options.ts";

export const walletCreateHandler: Handler<WalletCreateOptions> = async ({ name, importFile }, context) => {
  const settings = await settingsOf(context);
  const path = walletPath(settings.home, name);
  // Before a person thinks of a password.
  if (await stat(path).catch(() => undefined)) throw walletExists(name);
  const privateKey =
    importFile === undefined ? undefined : ((await readFile(importFile, "utf8")).trim() as `0x${string}`);
  const password = await newPassword(context.io, settings, name);
  await mkdir(keystoreOf(settings.home), { recursive: true, mode: 0o700 });
  context.progress.update("Encrypting the key");
  const address = await createKey(path, password, privateKey ? { privateKey } : {});
  return {
    json: { name, address: address.toLowerCase(), path },
    text: `${fields([
      ["wallet", name],
      ["address", address],
      ["file", path],
    ])}\nKeep the file and its password: nobody can bring either back.\nNext: mimik wallet fund 10 --wallet ${name}`,
  };
};

function walletExists(name: string): ProtocolError {
  return new ProtocolError("conflict", "key-exists", `There is a wallet ${name} already. Nothing was changed.`, {
    hint: "Choose another name.",
    context: { name },
  });
}
