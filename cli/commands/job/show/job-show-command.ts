import { defineCommand } from "../../../command/command.ts";
import { jobShowFlags, jobShowOptions } from "./job-show-options.ts";

export const jobShowCommand = defineCommand({
  name: "show",
  summary: "Show one job: its committee, who agreed, what it used and what it cost.",
  argument: { form: "<job>", summary: "the job's name, or the start of its order's id" },
  flags: jobShowFlags,
  examples: ["mimik job show 0x3f9a21", "mimik job show 5b0c7d1e2f3a --answer"],
  options: jobShowOptions,
  load: async () => (await import("./job-show-handler.ts")).jobShowHandler,
});
