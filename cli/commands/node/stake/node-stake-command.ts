import { defineCommand } from "../../../command/command.ts";
import { nodeStakeFlags, nodeStakeOptions } from "./node-stake-options.ts";

export const nodeStakeCommand = defineCommand({
  name: "stake",
  summary: "Stake tokens for a node of the chosen wallet, as shares of the profit share.",
  argument: { form: "<tokens>", summary: "tokens to stake, from the wallet and then from its account" },
  flags: nodeStakeFlags,
  examples: ["mimik node stake 5 --wallet alice", "mimik node stake 2.5 --node-home ./second --json"],
  options: nodeStakeOptions,
  load: async () => (await import("./node-stake-handler.ts")).nodeStakeHandler,
});
