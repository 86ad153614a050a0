import { defineCommand } from "../../../command/command.ts";
import { leasePayFlags, leasePayOptions } from "./lease-pay-options.ts";

export const leasePayCommand = defineCommand({
  name: "pay",
  summary: "Hand every node the voucher that it lacks, and settle what no voucher pays in time.",
  argument: { form: "[lease]", summary: "the start of the lease's id; all rented ones without it" },
  flags: leasePayFlags,
  examples: ["mimik lease pay", "mimik lease pay 0x91c2b34d --json"],
  options: leasePayOptions,
  load: async () => (await import("./lease-pay-handler.ts")).leasePayHandler,
});
