import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { type ListOptions, nextPage } from "../../../command/list-flags.ts";
import { short, table } from "../../../command/table.ts";
import { openMarketplace, settingsOf } from "../../../session/open-session.ts";

export const offerListHandler: Handler<ListOptions> = async (options, context) => {
  const marketplace = openMarketplace(await settingsOf(context));
  const page = await marketplace.offers({ ...options, signal: context.signal });
  const offers = page.rows.map(({ offer }) => offer.message);
  const columns = [
    "node",
    "owner",
    "free",
    "memory",
    "isolation",
    "per job",
    "per Gfuel",
    "per 64 MiB",
    "per MiB",
    "endpoint",
  ];
  return {
    json: { offers: page.rows, next: page.next },
    text:
      table(
        columns.map((title, index) => ({ title, right: index === 2 || index === 3 || (index > 4 && index < 9) })),
        offers.map((offer) => [
          short(offer.node),
          short(offer.owner),
          String(offer.slots),
          String(offer.memoryPages),
          offer.isolation,
          formatAmount(offer.rates.job),
          formatAmount(offer.rates.fuel),
          formatAmount(offer.rates.memory),
          formatAmount(offer.rates.bytes),
          offer.endpoint,
        ]),
        "No offer stands. An owner makes one with mimik node start.",
      ) + nextPage("mimik offer list", page.next),
  };
};
