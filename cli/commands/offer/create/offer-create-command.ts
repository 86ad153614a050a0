import { defineCommand } from "../../../command/command.ts";
import { offerCreateFlags, offerCreateOptions } from "./offer-create-options.ts";

export const offerCreateCommand = defineCommand({
  name: "create",
  summary:
    "Sign an offer with this machine's node key and post it; the node must be up. Nodes renew their own by themselves.",
  flags: offerCreateFlags,
  examples: [
    "mimik offer create --endpoint https://node.example.org",
    "mimik offer create --rate fuel=0.0004 --rate job=0 --slots 2 --valid 1h --json",
  ],
  options: offerCreateOptions,
  load: async () => (await import("./offer-create-handler.ts")).offerCreateHandler,
});
