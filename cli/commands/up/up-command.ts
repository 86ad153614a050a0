import { defineCommand } from "../../command/command.ts";
import { upFlags, upOptions } from "./up-options.ts";

export const upCommand = defineCommand({
  name: "up",
  summary: "Bring up a local market: a chain, the contracts, a marketplace, three nodes, and a first job.",
  flags: upFlags,
  examples: ["mimik up", "mimik up --once --json"],
  options: upOptions,
  load: async () => (await import("./up-handler.ts")).upHandler,
});
