import { defineCommand } from "../../command/command.ts";
import { doctorFlags, doctorOptions } from "./doctor-options.ts";

export const doctorCommand = defineCommand({
  name: "doctor",
  summary: "Check everything that mimik needs on this machine, with the next step for what is missing.",
  flags: doctorFlags,
  examples: ["mimik doctor", "mimik doctor --rpc-url http://127.0.0.1:8545 --json"],
  options: doctorOptions,
  load: async () => (await import("./doctor-handler.ts")).doctorHandler,
});
