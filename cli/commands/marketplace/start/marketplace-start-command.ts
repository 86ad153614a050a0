import { defineCommand } from "../../../command/command.ts";
import { marketplaceStartFlags, marketplaceStartOptions } from "./marketplace-start-options.ts";

export const marketplaceStartCommand = defineCommand({
  name: "start",
  summary: "Run a marketplace with its dashboard until it is stopped. It holds no funds and no keys.",
  flags: marketplaceStartFlags,
  examples: [
    "mimik marketplace start --rpc-url http://127.0.0.1:8545 --exchange 0x5fbdb2315678afecb367f032d93f642f64180aa3",
    "mimik marketplace start --port 8800 --data ./market",
  ],
  options: marketplaceStartOptions,
  load: async () => (await import("./marketplace-start-handler.ts")).marketplaceStartHandler,
});
