import { defineCommand } from "../../../command/command.ts";
import { nodeSweepFlags, nodeSweepOptions } from "./node-sweep-options.ts";

export const nodeSweepCommand = defineCommand({
  name: "sweep",
  summary: "Send the owner what forced orders paid to this machine's node key, signed by that key. It pays the gas.",
  flags: nodeSweepFlags,
  examples: ["mimik node sweep", "mimik node sweep --node-home ./second --json"],
  options: nodeSweepOptions,
  load: async () => (await import("./node-sweep-handler.ts")).nodeSweepHandler,
});
