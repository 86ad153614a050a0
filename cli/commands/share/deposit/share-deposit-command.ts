import { defineCommand } from "../../../command/command.ts";
import { shareDepositFlags, shareDepositOptions } from "./share-deposit-options.ts";

export const shareDepositCommand = defineCommand({
  name: "deposit",
  summary: "Buy shares of the profit share, from the wallet and then from its account.",
  argument: { form: "<tokens>", summary: "tokens to put in, such as 10 or 2.5" },
  flags: shareDepositFlags,
  examples: ["mimik share deposit 10", "mimik share deposit 2.5 --wallet alice --json"],
  options: shareDepositOptions,
  load: async () => (await import("./share-deposit-handler.ts")).shareDepositHandler,
});
