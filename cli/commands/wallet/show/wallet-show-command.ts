import { defineCommand } from "../../../command/command.ts";
import { walletShowFlags, walletShowOptions } from "./wallet-show-options.ts";

export const walletShowCommand = defineCommand({
  name: "show",
  summary: "Show a wallet's balances: in the exchange, outside it, and for gas. No password is needed.",
  argument: { form: "[name]", summary: "the wallet's name or address; the chosen one without it" },
  flags: walletShowFlags,
  examples: ["mimik wallet show", "mimik wallet show alice --json"],
  options: walletShowOptions,
  load: async () => (await import("./wallet-show-handler.ts")).walletShowHandler,
});
