import { harvestCall } from "#chain/calls.ts";
import { harvested } from "#chain/owner-outcome.ts";
import { readHarvest } from "#chain/read-vault.ts";
import { random32 } from "#client/random.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { date, fields } from "../../../command/table.ts";
import { openSession } from "../../../session/open-session.ts";
import type { ShareHarvestOptions } from "./share-harvest-options.ts";

export const shareHarvestHandler: Handler<ShareHarvestOptions> = async (_options, context) => {
  const { chain, lane } = await openSession(context);
  if ((await readHarvest(chain)) === 0n) return NOTHING;
  context.progress.update("Harvesting");
  const { hash, receipt } = await lane.send(`harvest:${random32().slice(2, 18)}`, harvestCall(chain));
  // Somebody else's harvest may have come just before.
  const profit = harvested(chain, receipt.logs);
  if (!profit) return NOTHING;
  return {
    json: { harvested: profit.profit, until: profit.until, transaction: hash },
    text: fields([
      ["harvested", `${formatAmount(profit.profit)} tokens`],
      ["dripping", `until ${date(profit.until)} UTC`],
      ["transaction", hash],
    ]),
  };
};

const NOTHING = {
  json: { harvested: 0n, until: null, transaction: null },
  text: "No fees wait in the exchange.",
};
