import { defineCommand } from "../../../command/command.ts";
import { nodeWithdrawStakeFlags, nodeWithdrawStakeOptions } from "./node-withdraw-stake-options.ts";

export const nodeWithdrawStakeCommand = defineCommand({
  name: "withdraw-stake",
  summary: "Give the owner the stake that has come free, as shares. Anyone may.",
  flags: nodeWithdrawStakeFlags,
  examples: ["mimik node withdraw-stake --wallet alice", "mimik node withdraw-stake --node-home ./second --json"],
  options: nodeWithdrawStakeOptions,
  load: async () => (await import("./node-withdraw-stake-handler.ts")).nodeWithdrawStakeHandler,
});
