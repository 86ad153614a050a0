// The numbers of /metrics. What the store knows is read when somebody asks; only what it does not know is counted.
import { Counter, Gauge, type Registry } from "prom-client";
import { ORDER_STATES } from "#protocol/order-state.ts";
import { TOKEN_DECIMALS } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderMeter } from "../orders/order-parts.ts";
import type { SlotPool } from "../orders/slot-pool.ts";
import type { StoreReader } from "../store/store-reader.ts";

/** Counts jobs, fuel and faults from now on. */
export function orderMeter(registry: Registry): OrderMeter {
  const registers = [registry];
  const jobs = new Counter({
    name: "mimik_jobs_total",
    help: "Jobs run, by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  const fuel = new Counter({ name: "mimik_fuel_total", help: "Fuel of all jobs run.", registers });
  const faults = new Counter({
    name: "mimik_host_faults_total",
    help: "Failures of the node's own runtime; each one replaced an executor.",
    registers,
  });
  return {
    jobDone: (outcome, used) => {
      jobs.inc({ outcome });
      fuel.inc(Number(used));
    },
    hostFault: () => faults.inc(),
  };
}

export interface GaugeParts {
  readonly reader: StoreReader;
  readonly slots: SlotPool;
}

/** Reads orders, slots and earnings whenever the page is asked for. */
export function addGauges(registry: Registry, { reader, slots }: GaugeParts): void {
  const registers = [registry];
  new Gauge({
    name: "mimik_orders",
    help: "Orders in the store, by state; queued is the queue.",
    labelNames: ["state"],
    registers,
    collect() {
      for (const state of ORDER_STATES) this.set({ state }, 0);
      for (const { state, count } of reader.countByState()) this.set({ state }, count);
    },
  });
  new Gauge({
    name: "mimik_free_slots",
    help: "Jobs that could start now.",
    registers,
    collect() {
      this.set(slots.free);
    },
  });
  new Gauge({
    name: "mimik_earned_tokens",
    help: `Price of the last ${NODE_LIMITS.earningLines} attested orders, tokens, by whether they are known to be paid.`,
    labelNames: ["settled"],
    registers,
    collect() {
      const sums = { true: 0n, false: 0n };
      for (const { settled, price } of reader.earningLines(NODE_LIMITS.earningLines)) sums[`${settled}`] += price;
      for (const settled of ["true", "false"] as const) {
        this.set({ settled }, Number(sums[settled]) / 10 ** TOKEN_DECIMALS);
      }
    },
  });
}
