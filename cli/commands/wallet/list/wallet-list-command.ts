import { defineCommand } from "../../../command/command.ts";
import { walletListFlags, walletListOptions } from "./wallet-list-options.ts";

export const walletListCommand = defineCommand({
  name: "list",
  summary: "List the wallets of this machine. No password is needed.",
  flags: walletListFlags,
  examples: ["mimik wallet list", "mimik wallet list --json"],
  options: walletListOptions,
  load: async () => (await import("./wallet-list-handler.ts")).walletListHandler,
});
