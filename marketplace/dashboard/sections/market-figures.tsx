// The market in five figures.

import { count, tokens } from "../format.ts";
import type { Market } from "../market-client.ts";
import { Figure } from "../parts/figure.tsx";
import { Loaded } from "../parts/panel.tsx";

interface MarketFiguresProps {
  readonly market: { readonly data: Market | undefined; readonly error: Error | null; refetch(): unknown };
}

export function MarketFigures({ market }: MarketFiguresProps) {
  return (
    <section aria-label="The market in figures" className="figures">
      <Loaded query={market} what="the market's figures">
        {({ paid, counts }) => (
          <dl className="row-of-figures">
            <Figure name="Paid to nodes" value={tokens(paid)} unit="tokens" />
            <Figure name="Jobs paid" value={count(counts.jobs)} unit="on chain" />
            <Figure name="Nodes" value={count(counts.nodes)} unit={`${count(counts.offers)} with an offer`} />
            <Figure name="Leases" value={count(counts.leases)} unit="ever opened" />
            <Figure name="Bids" value={count(counts.bids)} unit="standing" />
          </dl>
        )}
      </Loaded>
    </section>
  );
}
