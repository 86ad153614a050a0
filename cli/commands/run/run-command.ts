import { defineCommand } from "../../command/command.ts";
import { runFlags, runOptions } from "./run-options.ts";

export const runCommand = defineCommand({
  name: "run",
  summary: "Run a microservice on a committee of nodes and pay those that agree.",
  argument: { form: "<microservice>", summary: "a .ts, .js or .wasm file, a folder, or an image folder" },
  flags: runFlags,
  examples: [
    "mimik run examples/licence-audit --input packages.json",
    "cat packages.json | mimik run examples/licence-audit --input - --replicas 5 --quorum 4 --budget 0.5 --json",
  ],
  options: runOptions,
  load: async () => (await import("./run-handler.ts")).runHandler,
});
