// Compares what a job costs in gas here and in iExec PoCo, on one chain, for fixed workloads. Gas per job falls with the
// jobs in a lease, so only these workloads are quoted.
import { createGasChain } from "./gas-chain.ts";
import {
  type Cost,
  claimOrders,
  clearLeases,
  deployExchange,
  type Exchange,
  openLeases,
  settleOrder,
} from "./gas-exchange.ts";
import { measurePoco, type PocoGas } from "./gas-poco.ts";

const NODES = 100;
const K = 3;
const K_WIDE = 5;
const CLAIMED_JOBS = 100;
/** Of a response that is published with a claim. */
const PUBLISHED_BYTES = 64;

export interface GasRow {
  /** Gas per job, all in: opening the leases and settling them. */
  readonly ours: number;
  readonly poco: number;
  readonly ratio: number;
  /** Our calldata per job, bytes. */
  readonly calldataBytes: number;
}

export type GasReport = Readonly<Record<string, GasRow>>;

/** Jobs in each lease, and leases in one clearing. */
const WORKLOADS = {
  W1: { jobs: 1, leases: 1 },
  W2: { jobs: 1, leases: 1_000 },
  W3: { jobs: 10, leases: 1_000 },
  W4: { jobs: 100, leases: 100 },
  W5: { jobs: 1_000, leases: 1 },
  W6: { jobs: 1_000, leases: 10 },
} as const;

function row(costs: readonly Cost[], jobs: number, poco: number): GasRow {
  const ours = costs.reduce((sum, { gas }) => sum + gas, 0) / jobs;
  const bytes = costs.reduce((sum, cost) => sum + cost.bytes, 0) / jobs;
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  return { ours: round(ours, 0), poco: round(poco, 0), ratio: round(poco / ours, 1), calldataBytes: round(bytes, 1) };
}

/** One deal of PoCo's holds as many jobs as one of our leases. */
function pocoPerJob(poco: PocoGas, jobs: number): number {
  return poco.match / jobs + poco.job;
}

async function measureClearing(exchange: Exchange, label: string, leases: number, k: number, jobs: number) {
  const [opened, opening] = await openLeases(exchange, label, leases, k);
  return [opening, await clearLeases(exchange, opened, jobs)];
}

/** Needs compiled contracts, and the package registry for PoCo's bytecode. */
export async function benchGas(): Promise<GasReport> {
  const chain = await createGasChain();
  try {
    const exchange = await deployExchange(chain, NODES);
    // Each node earns once, so that no workload pays for a first time.
    await measureClearing(exchange, "warm-up", NODES, K, 1);
    const poco = await measurePoco(chain, exchange.token);
    const report: Record<string, GasRow> = {};
    for (const [name, { jobs, leases }] of Object.entries(WORKLOADS)) {
      const costs = await measureClearing(exchange, name, leases, K, jobs);
      report[name] = row(costs, jobs * leases, pocoPerJob(poco, jobs));
    }
    const { jobs, leases } = WORKLOADS.W4;
    const wide = await measureClearing(exchange, "W4 k5", leases, K_WIDE, jobs);
    report.W4k5 = row(wide, jobs * leases, pocoPerJob(poco, jobs));

    const [[silent], silentOpening] = await openLeases(exchange, "rung 2", 1, K);
    const [[told], toldOpening] = await openLeases(exchange, "rung 2, published", 1, K);
    const [[disputed]] = await openLeases(exchange, "rung 3", 1, K);
    const [[happy], happyOpening] = await openLeases(exchange, "settle", 1, K);
    if (!silent || !told || !disputed || !happy) throw new Error("The benchmark opened no lease.");
    const claim = await claimOrders(exchange, silent, CLAIMED_JOBS);
    report.rung2 = row([silentOpening, claim], CLAIMED_JOBS, pocoPerJob(poco, CLAIMED_JOBS));
    const publishing = await claimOrders(exchange, told, CLAIMED_JOBS, PUBLISHED_BYTES);
    report.rung2published = row([toldOpening, publishing], CLAIMED_JOBS, pocoPerJob(poco, CLAIMED_JOBS));
    report.settle = row([happyOpening, await settleOrder(exchange, happy, false)], 1, pocoPerJob(poco, 1));
    // Without opening: a dispute is about a lease that is open anyway; PoCo's side is one task of an open deal too.
    report.rung3 = row([await settleOrder(exchange, disputed, true)], 1, poco.job);
    return report;
  } finally {
    await chain.close();
  }
}
