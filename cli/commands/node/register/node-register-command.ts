import { defineCommand } from "../../../command/command.ts";
import { nodeRegisterFlags, nodeRegisterOptions } from "./node-register-options.ts";

export const nodeRegisterCommand = defineCommand({
  name: "register",
  summary: "Bind this machine's node to the chosen wallet on chain, for ever. It may serve then.",
  flags: nodeRegisterFlags,
  examples: [
    "mimik node register --wallet alice",
    "mimik node register --wallet alice --stake 5 --node-home ./second --json",
  ],
  options: nodeRegisterOptions,
  load: async () => (await import("./node-register-handler.ts")).nodeRegisterHandler,
});
