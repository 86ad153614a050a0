import { defineCommand } from "../../../command/command.ts";
import { offerListFlags, offerListOptions } from "./offer-list-options.ts";

export const offerListCommand = defineCommand({
  name: "list",
  summary: "List the offers that stand at the marketplace.",
  flags: offerListFlags,
  examples: ["mimik offer list", "mimik offer list --limit 10 --json"],
  options: offerListOptions,
  load: async () => (await import("./offer-list-handler.ts")).offerListHandler,
});
