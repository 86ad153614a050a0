import { defineCommand } from "../../../command/command.ts";
import { nodeUnstakeFlags, nodeUnstakeOptions } from "./node-unstake-options.ts";

export const nodeUnstakeCommand = defineCommand({
  name: "unstake",
  summary: "Begin to take stake back. It counts no more at once, and comes free after the unbonding time.",
  argument: { form: "<shares>", summary: "shares to take back, such as 10 or 2.5, or all" },
  flags: nodeUnstakeFlags,
  examples: ["mimik node unstake all --wallet alice", "mimik node unstake 2.5 --node-home ./second --json"],
  options: nodeUnstakeOptions,
  load: async () => (await import("./node-unstake-handler.ts")).nodeUnstakeHandler,
});
