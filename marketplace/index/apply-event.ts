// One event of the chain into rows. Sums are kept by adding differences; rewind.ts subtracts the same ones.
import type { Address } from "viem";
import type { ExchangeEvent } from "#chain/exchange-event.ts";
import type { Writer } from "../store/open-store.ts";
import { leases, nodes } from "../store/schema.ts";
import { claimOrders, clearLease, payFee, payNode, settleOrder } from "./apply-payment.ts";
import { changeLease, type Place } from "./change-lease.ts";
import { applyToProfitShare, moveShares } from "./profit-shares.ts";
import { noteAccused, noteAgreed, noteCleared, noteDrawn, noteJudged, noteSlashed } from "./reputations.ts";
import { changeStake } from "./stakes.ts";
import { countNode } from "./sums.ts";
import { NOTHING, type Touched } from "./touched.ts";

/** Writes what `event` says. The checkpoint that is written beside it keeps an event from being counted twice. */
export function applyEvent(writer: Writer, event: ExchangeEvent): Touched {
  const place: Place = { block: event.block, logIndex: event.index };
  switch (event.name) {
    case "NodeRegistered":
      return registerNode(writer, place, lower(event.args.node), lower(event.args.owner));
    case "StakeAdded":
    case "UnbondingStarted":
    case "UnbondingFinished":
    case "StakeFrozen":
      return changeStake(writer, place, event);
    case "StakeSlashed":
      return and(changeStake(writer, place, event), noteSlashed(writer, place, event.args.node, event.args.reason));
    case "Transfer":
      return moveShares(writer, place, event.args);
    case "Deposit":
    case "Withdraw":
    case "Harvested":
    case "Forfeited":
    case "EarningsCollected":
      return applyToProfitShare(writer, place, event);
    case "NodeAccused":
      return touchedNodes(noteAccused(writer, place, event.args));
    case "CaseDecided":
      return touchedNodes(noteJudged(writer, place, event.args.orderId));
    case "LeaseDrawn":
      noteDrawn(writer, place, event.args.leaseId);
      return NOTHING;
    case "LeaseOpened":
      return openLease(writer, place, event.args);
    case "LeaseToppedUp":
      return changeLease(writer, place, event.args.leaseId, { funded: event.args.amount });
    case "LeaseExtended":
      return changeLease(writer, place, event.args.leaseId, { expiry: event.args.expiry });
    case "LeaseClosed":
      return changeLease(writer, place, event.args.leaseId, { closes: true });
    case "NodePaid":
      return payNode(writer, event);
    case "ForceFeePaid":
      return payFee(writer, event);
    case "OrderSettled":
      return and(settleOrder(writer, event), noteAgreed(writer, place, event.args.leaseId, event.args.orderId));
    case "OrdersClaimed":
      return and(claimOrders(writer, event), noteAgreed(writer, place, event.args.leaseId, event.args.claimId));
    case "LeaseCleared":
      return and(clearLease(writer, event), noteCleared(writer, place, event.args.leaseId, event.args.total));
    case "NodeCleared":
      // The sum of what its leases were cleared for just before: listeners hear of a node once for a whole clearing.
      return { ...NOTHING, nodes: [lower(event.args.node)] };
    default:
      return NOTHING;
  }
}

function registerNode(writer: Writer, place: Place, node: Address, owner: Address): Touched {
  writer
    .insert(nodes)
    .values({ node, owner, earned: 0n, jobs: 0, ...place })
    .run();
  countNode(writer, owner, 1);
  return { ...NOTHING, nodes: [node] };
}

type Opened = Extract<ExchangeEvent, { name: "LeaseOpened" }>["args"];

function openLease(writer: Writer, place: Place, opened: Opened): Touched {
  const lease = opened.leaseId;
  writer
    .insert(leases)
    .values({
      lease,
      consumer: lower(opened.consumer),
      nodes: JSON.stringify(opened.nodes.map(lower)),
      funded: 0n,
      spent: 0n,
      jobs: 0,
      paidPerNode: 0n,
      upTo: 0,
      claimed: 0,
      expiry: opened.expiry,
      closed: false,
      ...place,
    })
    .run();
  return changeLease(writer, place, lease, { funded: opened.amount, expiry: opened.expiry });
}

/** What was touched, and the nodes whose records changed. */
function and(touched: Touched, nodes: readonly Address[]): Touched {
  return { ...touched, nodes: [...new Set([...touched.nodes, ...nodes])] };
}

function touchedNodes(nodes: readonly Address[]): Touched {
  return and(NOTHING, nodes);
}

/** One text for one address, as everywhere in the API. */
function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}
