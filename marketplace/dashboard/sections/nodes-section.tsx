// Registered nodes: whose they are, what they offer, what they have at stake and earned.

import { count, exact, memory, shares } from "../format.ts";
import type { NodeView } from "../market-client.ts";
import { Account } from "../parts/account.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { More, useListing } from "../parts/listing.tsx";
import { Empty, Loaded, Panel } from "../parts/panel.tsx";
import { NodeRates } from "./node-rates.tsx";

const none = <span className="note">–</span>;

const COLUMNS: readonly Column<NodeView>[] = [
  { head: "Node", cell: ({ node }) => <Copyable kind="node" value={node} /> },
  { head: "Owner", cell: ({ owner }) => <Account kind="owner" address={owner} /> },
  {
    head: "Offer",
    cell: ({ offer }) => (offer ? <span className="tag good">open</span> : <span className="tag quiet">no offer</span>),
  },
  { head: "Rates", cell: ({ offer }) => (offer ? <NodeRates rates={offer.message.rates} /> : none) },
  { head: "Slots", numeric: true, cell: ({ offer }) => (offer ? count(offer.message.slots) : none) },
  { head: "Memory", numeric: true, cell: ({ offer }) => (offer ? memory(offer.message.memoryPages) : none) },
  { head: "Isolation", cell: ({ offer }) => (offer ? offer.message.isolation : none) },
  { head: "Stake, shares", numeric: true, cell: ({ stake }) => shares(stake) },
  { head: "Earned", numeric: true, cell: ({ earned }) => <strong>{exact(earned)}</strong> },
  { head: "Jobs", numeric: true, cell: ({ jobs }) => count(jobs) },
  { head: "Right in a row", numeric: true, cell: ({ reputation }) => count(reputation.inARow) },
];

export function NodesSection() {
  const nodes = useListing<NodeView>("nodes", "/nodes");
  return (
    <Panel id="nodes" title="Nodes" note="Registered on chain, with the offer that each has signed. Rates in tokens.">
      <Loaded query={nodes} what="the nodes">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No node is registered yet.">
              Start one with <code>mimik node start</code>; it shows up here once its registration is mined.
            </Empty>
          ) : (
            <>
              <DataTable caption="Registered nodes" columns={COLUMNS} rows={rows} rowKey={({ node }) => node} />
              <More what="nodes" query={nodes} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
