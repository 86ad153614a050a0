import { defineCommand } from "../../../command/command.ts";
import { shareRedeemFlags, shareRedeemOptions } from "./share-redeem-options.ts";

export const shareRedeemCommand = defineCommand({
  name: "redeem",
  summary: "Sell shares of the profit share; their tokens go to the wallet.",
  argument: { form: "<shares>", summary: "shares to sell, such as 10 or 2.5, or all" },
  flags: shareRedeemFlags,
  examples: ["mimik share redeem all", "mimik share redeem 2.5 --wallet alice --json"],
  options: shareRedeemOptions,
  load: async () => (await import("./share-redeem-handler.ts")).shareRedeemHandler,
});
