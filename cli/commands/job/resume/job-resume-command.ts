import { defineCommand } from "../../../command/command.ts";
import { jobResumeFlags, jobResumeOptions } from "./job-resume-options.ts";

export const jobResumeCommand = defineCommand({
  name: "resume",
  summary: "Go on with interrupted jobs: nothing is leased or paid twice, no answer is lost.",
  argument: { form: "[job]", summary: "the job's name or the start of its order's id; all open ones without it" },
  flags: jobResumeFlags,
  examples: ["mimik job resume", "mimik job resume 5b0c7d1e2f3a --json"],
  options: jobResumeOptions,
  load: async () => (await import("./job-resume-handler.ts")).jobResumeHandler,
});
