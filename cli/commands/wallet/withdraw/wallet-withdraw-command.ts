import { defineCommand } from "../../../command/command.ts";
import { walletWithdrawFlags, walletWithdrawOptions } from "./wallet-withdraw-options.ts";

export const walletWithdrawCommand = defineCommand({
  name: "withdraw",
  summary: "Move tokens from the exchange to the wallet's own address.",
  argument: { form: "<amount>", summary: "tokens to withdraw, such as 10 or 2.5" },
  flags: walletWithdrawFlags,
  examples: ["mimik wallet withdraw 10", "mimik wallet withdraw 2.5 --wallet alice --json"],
  options: walletWithdrawOptions,
  load: async () => (await import("./wallet-withdraw-handler.ts")).walletWithdrawHandler,
});
