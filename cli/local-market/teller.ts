// Tells a person what a local market is doing, line by line, and nothing to a program that wants JSON.
import type { OnProgress } from "#client/progress.ts";
import { formatAmount } from "#protocol/units.ts";
import { coloured } from "../command/colour.ts";
import type { CommandContext } from "../command/command-context.ts";
import { short } from "../command/table.ts";
import type { FirstJob } from "./first-job.ts";
import type { LocalMarket, LocalMarketStep } from "./local-market.ts";

export interface Teller {
  starting(): void;
  step(step: LocalMarketStep): void;
  readonly progress: OnProgress;
  job(job: FirstJob): void;
  /** What to do while it stays up. */
  stays(market: LocalMarket): void;
  ending(): void;
}

const SYMBOL = "mUSD";

export function tellerOf({ io, json }: CommandContext): Teller {
  const line = (text = "") => {
    if (!json) io.out(`${text}\n`);
  };
  const row = (name: string, text: string) => line(`  ${coloured("dim", name.padEnd(12))}${text}`);
  return {
    starting: () => {
      line(coloured("bold", "A local market of the mimik exchange"));
    },
    step: (step) => {
      if (step.step === "port-taken") {
        row(step.what, `port ${step.wanted} is taken by another program, using ${step.port}`);
      } else if (step.step === "chain") row("chain", `${step.url} (in memory: it starts anew each time)`);
      else if (step.step === "contracts") row("exchange", step.exchange);
      else if (step.step === "marketplace") row("marketplace", step.url);
      else {
        const { name, node, owner, program } = step.node;
        row(name, `${short(node)} of ${owner.name}, ${program.url}`);
      }
    },
    progress: progressTeller(line, row),
    job: (job) => tellJob(job, line, row),
    stays: ({ marketplace }) => {
      line();
      line(`${coloured("bold", "Dashboard")}  ${coloured("cyan", `${marketplace.url}/`)}`);
      line("In another terminal:  npx mimik job list · npx mimik earnings --wallet local-owner-1 · npx mimik --help");
      line("Ctrl-C stops everything.");
    },
    ending: () => line("\nStopping everything."),
  };
}

function progressTeller(line: (text?: string) => void, row: (name: string, text: string) => void): OnProgress {
  return (event) => {
    if (event.step === "quoting") {
      line();
      line(coloured("bold", "The first job: which licences do the packages have that npm ci installed?"));
    } else if (event.step === "quoted") row("quoted", `${event.usage.fuel} fuel, ${event.usage.memoryPages} pages`);
    else if (event.step === "matched") row("matched", `${event.committee.length} nodes of different owners`);
    else if (event.step === "leased")
      row("leased", `${short(event.lease)} holds ${formatAmount(event.amount)} ${SYMBOL}`);
    else if (event.step === "ordered") row("ordered", short(event.order));
    else if (event.step === "committed") row("committed", short(event.node));
    else if (event.step === "attested") row("attested", short(event.node));
    else if (event.step === "fault") row("not paid", `${short(event.fault.node)} ${event.fault.reason}`);
    else if (event.step === "settled") row("settled", `transaction ${event.transaction}`);
  };
}

function tellJob(job: FirstJob, line: (text?: string) => void, row: (name: string, text: string) => void): void {
  const { result, owners, summary } = job;
  row("agreed", `${result.agreed.length} of ${result.committee.length} on answer and bill: ${result.answerDigest}`);
  for (const { owner, amount } of result.paid) {
    row("paid", `${formatAmount(amount)} ${SYMBOL} to ${owners.get(owner.toLowerCase()) ?? owner}`);
  }
  line();
  for (const text of summary) line(`  ${text}`);
}
