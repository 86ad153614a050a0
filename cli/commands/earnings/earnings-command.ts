import { defineCommand } from "../../command/command.ts";
import { earningsFlags, earningsOptions } from "./earnings-options.ts";

export const earningsCommand = defineCommand({
  name: "earnings",
  summary: "What an owner's nodes have earned, down to each order, claim or voucher and its transaction.",
  flags: earningsFlags,
  examples: ["mimik earnings --wallet alice", "mimik earnings --wallet alice --collect --json"],
  options: earningsOptions,
  load: async () => (await import("./earnings-handler.ts")).earningsHandler,
});
