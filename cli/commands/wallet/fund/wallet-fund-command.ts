import { defineCommand } from "../../../command/command.ts";
import { walletFundFlags, walletFundOptions } from "./wallet-fund-options.ts";

export const walletFundCommand = defineCommand({
  name: "fund",
  summary: "Deposit tokens in the exchange. On a local chain the tokens and the gas are made for it.",
  argument: { form: "<amount>", summary: "tokens to deposit, such as 10 or 2.5" },
  flags: walletFundFlags,
  examples: ["mimik wallet fund 10", "mimik wallet fund 2.5 --wallet alice --json"],
  options: walletFundOptions,
  load: async () => (await import("./wallet-fund-handler.ts")).walletFundHandler,
});
