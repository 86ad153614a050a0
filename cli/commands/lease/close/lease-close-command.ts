import { defineCommand } from "../../../command/command.ts";
import { leaseCloseFlags, leaseCloseOptions } from "./lease-close-options.ts";

export const leaseCloseCommand = defineCommand({
  name: "close",
  summary: "Bring the remainder of leases back to the account: of those that have ended, or of a rented one at once.",
  argument: { form: "[lease]", summary: "the start of the id of a lease to end now; all that have ended without it" },
  flags: leaseCloseFlags,
  examples: ["mimik lease close", "mimik lease close 0x91c2b34d --json"],
  options: leaseCloseOptions,
  load: async () => (await import("./lease-close-handler.ts")).leaseCloseHandler,
});
