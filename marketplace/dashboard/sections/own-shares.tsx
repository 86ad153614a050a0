// What one account holds of the profit share, and the state of what its nodes have at stake.
import { useQuery } from "@tanstack/react-query";
import { count, exact, shares, tokens } from "../format.ts";
import { ask, type HoldingView } from "../market-client.ts";
import { Copyable } from "../parts/copyable.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Loaded } from "../parts/panel.tsx";

interface OwnSharesProps {
  readonly owner: string;
  /** When all that drips has dripped; null when nothing does. */
  readonly dripEnds: number | null;
  readonly now: number;
}

/** What the account has in all, and what will come to it. */
export function OwnShares({ owner, dripEnds, now }: OwnSharesProps) {
  return (
    <Loaded query={useHolding(owner)} what="your shares">
      {(holding) =>
        BigInt(holding.held) + BigInt(holding.staked) === 0n ? (
          <Empty title="This account has no shares.">
            <code>mimik share deposit</code> buys some, and <code>mimik node stake</code> stakes some for a node.
          </Empty>
        ) : (
          <Holding holding={holding} dripEnds={dripEnds} now={now} />
        )
      }
    </Loaded>
  );
}

interface HoldingProps extends Omit<OwnSharesProps, "owner"> {
  readonly holding: HoldingView;
}

function Holding({ holding, dripEnds, now }: HoldingProps) {
  const { held, heldWorth, staked, stakedWorth, dripping } = holding;
  return (
    <>
      <p className="total">
        {tokens(BigInt(heldWorth) + BigInt(stakedWorth))} <small>tokens is what my shares are worth</small>
      </p>
      <dl className="facts">
        <dt>In my account</dt>
        <dd>
          {shares(held)} shares, worth {tokens(heldWorth)} tokens
        </dd>
        <dt>In my nodes' stakes</dt>
        <dd>
          {shares(staked)} shares, worth {tokens(stakedWorth)} tokens
        </dd>
        <dt>Drips to me</dt>
        <dd>
          {tokens(dripping)} tokens
          {dripEnds !== null && (
            <>
              , all of it <Moment at={dripEnds} now={now} />
            </>
          )}
        </dd>
      </dl>
    </>
  );
}

type StakeView = HoldingView["stakes"][number];

function columns(now: number): readonly Column<StakeView>[] {
  return [
    { head: "My node", cell: ({ node }) => <Copyable kind="node" value={node} /> },
    { head: "State", cell: (stake) => <StakeState stake={stake} now={now} /> },
    { head: "Tickets in draws", numeric: true, cell: ({ tickets }) => count(tickets) },
    { head: "Staked, shares", numeric: true, cell: ({ staked }) => shares(staked) },
    { head: "Unbonding, shares", numeric: true, cell: ({ unbonding }) => shares(unbonding) },
    { head: "Worth", numeric: true, cell: ({ worth }) => <strong>{exact(worth)}</strong> },
  ];
}

/** A freeze holds what is unbonding too, so it is said first. */
function StakeState({ stake, now }: { readonly stake: StakeView; readonly now: number }) {
  const { staked, unbonding, unbondsAt, frozenUntil } = stake;
  if (frozenUntil > now) {
    return (
      <>
        <span className="tag warn">frozen</span> ends <Moment at={frozenUntil} now={now} />
      </>
    );
  }
  if (unbonding !== "0") return <Unbonding until={Math.max(unbondsAt, frozenUntil)} now={now} />;
  return staked === "0" ? <span className="tag quiet">no stake</span> : <span className="tag good">staked</span>;
}

function Unbonding({ until, now }: { readonly until: number; readonly now: number }) {
  if (until <= now) return <span className="tag good">free to withdraw</span>;
  return (
    <>
      <span className="tag quiet">unbonding</span> free <Moment at={until} now={now} />
    </>
  );
}

/** The stakes of the account's nodes; nothing when it owns none. */
export function OwnStakes({ owner, now }: { readonly owner: string; readonly now: number }) {
  const stakes = useHolding(owner).data?.stakes ?? [];
  if (stakes.length === 0) return null;
  return <DataTable caption="My nodes' stakes" columns={columns(now)} rows={stakes} rowKey={({ node }) => node} />;
}

function useHolding(account: string) {
  return useQuery({
    queryKey: ["holding", account],
    queryFn: ({ signal }) => ask<HoldingView>("/profit-share/holding", { account }, signal),
  });
}
