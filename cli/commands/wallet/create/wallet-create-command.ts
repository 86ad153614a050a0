import { defineCommand } from "../../../command/command.ts";
import { walletCreateFlags, walletCreateOptions } from "./wallet-create-options.ts";

export const walletCreateCommand = defineCommand({
  name: "create",
  summary: "Make a wallet: an encrypted key file that only its password opens.",
  argument: { form: "[name]", summary: "the wallet's name, default without it" },
  flags: walletCreateFlags,
  examples: ["mimik wallet create", "mimik wallet create alice --password-file ./password --json"],
  options: walletCreateOptions,
  load: async () => (await import("./wallet-create-handler.ts")).walletCreateHandler,
});
