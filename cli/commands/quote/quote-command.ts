import { defineCommand } from "../../command/command.ts";
import { quoteFlags, quoteOptions } from "./quote-options.ts";

export const quoteCommand = defineCommand({
  name: "quote",
  summary: "Run a microservice here, count what it uses, and price it at the market's present rates.",
  argument: { form: "<microservice>", summary: "a .ts, .js or .wasm file, a folder, or an image folder" },
  flags: quoteFlags,
  examples: [
    "mimik quote examples/licence-audit --input packages.json",
    "mimik quote ./resize.wasm --input photo.jpg --replicas 5 --json",
    "mimik quote ./resize.wasm --input photo.jpg --confidence 0.99",
    "mimik quote ./render.wasm --input scene-1.json --check 0.05 --check-by committee",
  ],
  options: quoteOptions,
  load: async () => (await import("./quote-handler.ts")).quoteHandler,
});
