import { defineCommand } from "../../command/command.ts";
import { rentFlags, rentOptions } from "./rent-options.ts";

export const rentCommand = defineCommand({
  name: "rent",
  summary: "Rent capacity: lock a budget for a committee, then run jobs in it with mimik run --lease.",
  flags: rentFlags,
  examples: [
    "mimik rent --duration 1h --budget 2",
    "mimik rent --drawn --replicas 5 --quorum 4 --duration 12h --budget 5",
    "mimik rent --replicas 5 --quorum 4 --duration 1d --budget 20 --isolation kernel --json",
  ],
  options: rentOptions,
  load: async () => (await import("./rent-handler.ts")).rentHandler,
});
