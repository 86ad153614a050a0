import { defineCommand } from "../../command/command.ts";
import { packFlags, packOptions } from "./pack-options.ts";

export const packCommand = defineCommand({
  name: "pack",
  summary: "Pack a microservice into an image and print its digest.",
  argument: { form: "<microservice>", summary: "a .ts, .js or .wasm file, a folder, or an image folder to check" },
  flags: packFlags,
  examples: ["mimik pack examples/licence-audit", "mimik pack ./service.ts --output ./image --json"],
  options: packOptions,
  load: async () => (await import("./pack-handler.ts")).packHandler,
});
