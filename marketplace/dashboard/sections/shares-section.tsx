// The profit share: what all of it is worth and where it came from, and what the person's own account has of it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { shares, tokens } from "../format.ts";
import { ask, type PricesView, type ProfitShareView } from "../market-client.ts";
import { Figure } from "../parts/figure.tsx";
import { Moment } from "../parts/moment.tsx";
import { Loaded, Panel } from "../parts/panel.tsx";
import { SPANS, type Span, SpanChoice } from "../parts/span-choice.tsx";
import { OwnShares, OwnStakes } from "./own-shares.tsx";
import { PriceChart } from "./price-chart.tsx";

interface SharesSectionProps {
  readonly owner: string | undefined;
  readonly now: number;
}

export function SharesSection({ owner, now }: SharesSectionProps) {
  const vault = useQuery({
    queryKey: ["profit-share"],
    queryFn: ({ signal }) => ask<ProfitShareView>("/profit-share", {}, signal),
  });
  return (
    <Panel
      id="shares"
      title="Profit share"
      note="The exchange's fees and slashed stake, for all who hold shares; a node's stake is shares too."
    >
      <Loaded query={vault} what="the profit share">
        {(found) => (
          <>
            <VaultFigures vault={found} />
            <div className="split">
              <PriceOverTime price={found.price} />
              <div className="beside">
                {owner ? (
                  <OwnShares owner={owner} dripEnds={found.dripEnds} now={now} />
                ) : (
                  <Vault vault={found} now={now} />
                )}
              </div>
            </div>
            {owner && <OwnStakes owner={owner} now={now} />}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function VaultFigures({ vault }: { readonly vault: ProfitShareView }) {
  const { assets, dripping, harvested, feesWaiting, forfeited } = vault;
  return (
    <dl className="row-of-figures">
      <Figure name="All shares are worth" value={tokens(assets)} unit="tokens" />
      <Figure name="Drips to the holders" value={tokens(dripping)} unit="tokens" />
      <Figure name="Came in as fees" value={tokens(harvested)} unit="tokens" />
      <Figure name="Fees to be harvested" value={tokens(feesWaiting)} unit="tokens" />
      <Figure name="Came in by slashing" value={tokens(forfeited)} unit="tokens" />
    </dl>
  );
}

function Vault({ vault, now }: { readonly vault: ProfitShareView; readonly now: number }) {
  return (
    <>
      <p className="total">
        {shares(vault.shares)} <small>shares in all</small>
      </p>
      <dl className="facts">
        <dt>Staked for nodes</dt>
        <dd>{shares(vault.staked)} shares</dd>
        <dt>Held by accounts</dt>
        <dd>{shares(BigInt(vault.shares) - BigInt(vault.staked))} shares</dd>
        {vault.dripEnds !== null && (
          <>
            <dt>All has dripped</dt>
            <dd>
              <Moment at={vault.dripEnds} now={now} />
            </dd>
          </>
        )}
      </dl>
      <p className="message note">Give your address above to see your own shares and stakes.</p>
    </>
  );
}

const WEEK = SPANS[2];

function PriceOverTime({ price }: { readonly price: string }) {
  const [chosen, setSpan] = useState<Span>();
  const week = usePrices(WEEK.hours);
  const span = chosen ?? (week.data ? spanFor(week.data) : WEEK);
  const series = usePrices(span.hours);
  return (
    <div className="over-time">
      <SpanChoice of="the price" span={span} onChoose={setSpan} />
      <Loaded query={series} what="the price">
        {(data) => <PriceChart series={data} price={price} span={span.last} />}
      </Loaded>
    </div>
  );
}

function usePrices(hours: number) {
  return useQuery({
    queryKey: ["prices", hours],
    queryFn: ({ signal }) => ask<PricesView>("/profit-share/prices", { hours }, signal),
    placeholderData: keepPreviousData,
  });
}

/** The shortest span that shows all prices of a week: a young market's would be a dot at the end of it. */
function spanFor({ prices, stepSeconds }: PricesView): Span {
  const known = prices.filter((price) => price !== null).length;
  return SPANS.find(({ hours }) => known * stepSeconds <= Math.max(hours * 3_600, stepSeconds)) ?? WEEK;
}
