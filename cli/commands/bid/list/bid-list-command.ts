import { defineCommand } from "../../../command/command.ts";
import { bidListFlags, bidListOptions } from "./bid-list-options.ts";

export const bidListCommand = defineCommand({
  name: "list",
  summary: "List the bids that stand at the marketplace, and why any has no committee.",
  flags: bidListFlags,
  examples: ["mimik bid list", "mimik bid list --limit 10 --json"],
  options: bidListOptions,
  load: async () => (await import("./bid-list-handler.ts")).bidListHandler,
});
