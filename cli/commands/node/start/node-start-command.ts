import { defineCommand } from "../../../command/command.ts";
import { nodeStartFlags, nodeStartOptions } from "./node-start-options.ts";

export const nodeStartCommand = defineCommand({
  name: "start",
  summary: "Run a node on this machine until it is stopped. Its log goes to standard error.",
  flags: nodeStartFlags,
  examples: [
    "mimik node start --owner 0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "mimik node start --port 7711 --node-home ./second --rate fuel=0.0004 --endpoint https://node.example.org",
  ],
  options: nodeStartOptions,
  load: async () => (await import("./node-start-handler.ts")).nodeStartHandler,
});
