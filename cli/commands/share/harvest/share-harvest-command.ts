import { defineCommand } from "../../../command/command.ts";
import { shareHarvestFlags, shareHarvestOptions } from "./share-harvest-options.ts";

export const shareHarvestCommand = defineCommand({
  name: "harvest",
  summary: "Bring the fees from the exchange to the profit share. Anyone may.",
  flags: shareHarvestFlags,
  examples: ["mimik share harvest", "mimik share harvest --wallet alice --json"],
  options: shareHarvestOptions,
  load: async () => (await import("./share-harvest-handler.ts")).shareHarvestHandler,
});
