import { defineCommand } from "../../command/command.ts";
import { verifyFlags, verifyOptions } from "./verify-options.ts";

export const verifyCommand = defineCommand({
  name: "verify",
  summary: "Run a settled job again here and compare answer and usage with its receipts.",
  argument: { form: "<job>", summary: "the job's name, or the start of its order's id" },
  flags: verifyFlags,
  examples: ["mimik verify 0x3f9a21", "mimik verify 5b0c7d1e2f3a --json"],
  options: verifyOptions,
  load: async () => (await import("./verify-handler.ts")).verifyHandler,
});
