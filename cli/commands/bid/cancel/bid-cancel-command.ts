import { defineCommand } from "../../../command/command.ts";
import { bidCancelFlags, bidCancelOptions } from "./bid-cancel-options.ts";

export const bidCancelCommand = defineCommand({
  name: "cancel",
  summary: "Withdraw a bid of the chosen wallet. A lease that it led to stands.",
  argument: { form: "<bid>", summary: "the bid's whole id" },
  flags: bidCancelFlags,
  examples: [
    "mimik bid cancel 0x7c1f0b5e9d2a46c8b3e1f0a9d8c7b6a594837261504f3e2d1c0b9a8f7e6d5c4b",
    "mimik bid cancel 0x7c1f0b5e9d2a46c8b3e1f0a9d8c7b6a594837261504f3e2d1c0b9a8f7e6d5c4b --json",
  ],
  options: bidCancelOptions,
  load: async () => (await import("./bid-cancel-handler.ts")).bidCancelHandler,
});
