import { defineCommand } from "../../../command/command.ts";
import { leaseListFlags, leaseListOptions } from "./lease-list-options.ts";

export const leaseListCommand = defineCommand({
  name: "list",
  summary: "List the leases of this machine: what each holds, and from when on its remainder can come back.",
  flags: leaseListFlags,
  examples: ["mimik lease list", "mimik lease list --all --json"],
  options: leaseListOptions,
  load: async () => (await import("./lease-list-handler.ts")).leaseListHandler,
});
