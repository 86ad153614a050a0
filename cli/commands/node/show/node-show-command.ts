import { defineCommand } from "../../../command/command.ts";
import { nodeShowFlags, nodeShowOptions } from "./node-show-options.ts";

export const nodeShowCommand = defineCommand({
  name: "show",
  summary: "Show a node on chain: its owner, its earnings, its stake and when that comes free. No password is needed.",
  flags: nodeShowFlags,
  examples: ["mimik node show", "mimik node show --node-home ./second --json"],
  options: nodeShowOptions,
  load: async () => (await import("./node-show-handler.ts")).nodeShowHandler,
});
