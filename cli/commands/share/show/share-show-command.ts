import { defineCommand } from "../../../command/command.ts";
import { shareShowFlags, shareShowOptions } from "./share-show-options.ts";

export const shareShowCommand = defineCommand({
  name: "show",
  summary: "Show the profit share, and what a wallet holds of it. No password is needed.",
  argument: { form: "[name]", summary: "the wallet's name or address; the chosen one without it" },
  flags: shareShowFlags,
  examples: ["mimik share show", "mimik share show alice --json"],
  options: shareShowOptions,
  load: async () => (await import("./share-show-handler.ts")).shareShowHandler,
});
