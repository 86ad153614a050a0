// The one page: figures, earnings, profit share, jobs, nodes and leases, all from the index and all live.
import { useQuery } from "@tanstack/react-query";
import { count } from "./format.ts";
import { type Liveness, useLiveUpdates } from "./live-updates.ts";
import { ask, type Market } from "./market-client.ts";
import { useNow, useOpenJob, useOwner } from "./page-state.ts";
import { OwnAccount } from "./parts/account.tsx";
import { Copyable } from "./parts/copyable.tsx";
import { EarningsSection } from "./sections/earnings-section.tsx";
import { JobDialog } from "./sections/job-dialog.tsx";
import { JobsSection } from "./sections/jobs-section.tsx";
import { LeasesSection } from "./sections/leases-section.tsx";
import { MarketFigures } from "./sections/market-figures.tsx";
import { NodesSection } from "./sections/nodes-section.tsx";
import { SharesSection } from "./sections/shares-section.tsx";

const LIVENESS: Readonly<Record<Liveness, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Not live: reconnecting",
};

const SECTIONS = ["Earnings", "Shares", "Jobs", "Nodes", "Leases"] as const;

export function App() {
  const liveness = useLiveUpdates();
  const now = useNow();
  const [owner, chooseOwner] = useOwner();
  const openJob = useOpenJob();
  const market = useQuery({ queryKey: ["market"], queryFn: ({ signal }) => ask<Market>("/market", {}, signal) });
  return (
    <OwnAccount value={owner}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <div>
          <h1>
            mimik <span>exchange</span>
          </h1>
          <nav aria-label="Sections">
            {SECTIONS.map((name) => (
              <a key={name} href={`#${name.toLowerCase()}`}>
                {name}
              </a>
            ))}
          </nav>
          <p className={`liveness ${liveness}`} role="status">
            {LIVENESS[liveness]}
            {market.data?.block != null && <span className="block"> · block {count(market.data.block)}</span>}
          </p>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <MarketFigures market={market} />
        <EarningsSection owner={owner} onChoose={chooseOwner} now={now} />
        <SharesSection owner={owner} now={now} />
        <JobsSection now={now} />
        <NodesSection />
        <LeasesSection now={now} />
      </main>
      <footer className="bottom">{market.data && <Provenance market={market.data} />}</footer>
      {openJob && <JobDialog key={openJob} order={openJob} />}
    </OwnAccount>
  );
}

function Provenance({ market }: { readonly market: Market }) {
  return (
    <p>
      Read from chain {market.chainId}, exchange <Copyable kind="exchange contract" value={market.exchange} />, payment
      token <Copyable kind="token contract" value={market.token} />. This page holds no funds and no keys.{" "}
      <a href="/docs">API</a>
    </p>
  );
}
