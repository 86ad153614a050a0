import { defineCommand } from "../../../command/command.ts";
import { jobListFlags, jobListOptions } from "./job-list-options.ts";

export const jobListCommand = defineCommand({
  name: "list",
  summary: "List the jobs of this machine, or all that were settled.",
  flags: jobListFlags,
  examples: ["mimik job list", "mimik job list --all --limit 20 --json"],
  options: jobListOptions,
  load: async () => (await import("./job-list-handler.ts")).jobListHandler,
});
