import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { type ListOptions, nextPage } from "../../../command/list-flags.ts";
import { date, short, table } from "../../../command/table.ts";
import { openMarketplace, settingsOf } from "../../../session/open-session.ts";

export const bidListHandler: Handler<ListOptions> = async (options, context) => {
  const marketplace = openMarketplace(await settingsOf(context));
  const page = await marketplace.bids({ ...options, signal: context.signal });
  return {
    json: { bids: page.rows, next: page.next },
    text:
      table(
        ["bid", "consumer", "image", "nodes", "budget", "until (UTC)", "match"].map((title, index) => ({
          title,
          right: index === 3 || index === 4,
        })),
        page.rows.map(({ id, bid: { message: bid }, match }) => [
          short(id),
          short(bid.consumer),
          short(bid.image),
          String(bid.replicas),
          formatAmount(bid.budget),
          date(bid.validUntil),
          match.failure ? `none: ${match.failure.detail}` : formatAmount(match.expectedCost),
        ]),
        "No bid stands. mimik run makes one.",
      ) + nextPage("mimik bid list", page.next),
  };
};
