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
    "mimik run examples/licence-audit --input packages.json --confidence 0.99",
    "mimik run ./render.wasm --input scene-1.json --input scene-2.json --check 0.05",
    "mimik run ./resize.wasm --input photo.jpg --node http://10.0.0.7:7710 --node http://10.0.0.8:7710 --replicas 2",
  ],
  options: runOptions,
  load: async () => (await import("./run-handler.ts")).runHandler,
});
