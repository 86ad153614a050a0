// A job's progress in sentences.
import type { JobProgress, OnProgress } from "#client/progress.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Progress } from "../command/progress.ts";
import { short } from "../command/table.ts";

export function showProgress(progress: Progress): OnProgress {
  return (event) => {
    const note = noteOf(event);
    if (note) progress.note(note);
    progress.update(underWay(event));
  };
}

function noteOf(event: JobProgress): string | undefined {
  switch (event.step) {
    case "quoted":
      return `Quoted: ${event.usage.fuel} fuel, ${event.usage.memoryPages} pages`;
    case "assured":
      return assuredNote(event);
    case "matched":
      return `Matched ${event.committee.length} nodes for at most ${formatAmount(event.cost)}`;
    case "leased":
      return `Lease ${short(event.lease)} holds ${formatAmount(event.amount)}`;
    case "committed":
      return `Node ${short(event.node)} has a result`;
    case "attested":
      return `Node ${short(event.node)} has opened and signed it`;
    case "fault":
      return `Node ${short(event.fault.node)} ${event.fault.reason}: ${event.fault.detail}`;
    case "checking-alone":
      return `No other committee can check it: ${event.reason} It is run here`;
    case "checked":
      return event.jobs === 1 ? "1 job was checked: it is right" : `${event.jobs} jobs were checked: they are right`;
    case "agreed":
      return `${event.nodes.length} nodes agree`;
    case "rerun":
      return `Trying another committee without ${event.banned.map(short).join(", ")}`;
    case "voucher":
      return `Order ${event.nonce} of lease ${short(event.lease)}: ${formatAmount(event.amount)} a node by voucher`;
    case "voucher-refused":
      return `Node ${event.refusal.node ? short(event.refusal.node) : "none"} ${event.refusal.code}: ${event.refusal.detail}`;
    case "published":
      return `The answer stands in transaction ${short(event.transaction)}, by which the nodes were paid`;
    case "settled":
      return `Paid in transaction ${short(event.transaction)}`;
    default:
      return undefined;
  }
}

function underWay(event: JobProgress): string {
  switch (event.step) {
    case "quoting":
      return `Running ${event.jobs} ${event.jobs === 1 ? "job" : "jobs"} here for an exact quote`;
    case "quoted":
    case "assured":
    case "rerun":
      return "Finding nodes";
    case "matched":
      return "Opening the lease";
    case "leased":
      return "Signing the order";
    case "drawing":
      return event.block < event.beaconBlock
        ? `Drawing the committee by the randomness of block ${event.beaconBlock}, now at block ${event.block}`
        : "Recording the randomness";
    case "waiting":
      return `Waiting until ${new Date(event.until * 1_000).toLocaleTimeString()}: ${event.reason}`;
    case "checking":
      return `${event.by === "self" ? "Running" : "Having another committee run"} ${event.jobs} of ${event.of} jobs to check them`;
    case "checking-alone":
      return "Running the checked jobs here";
    case "attested":
    case "checked":
    case "agreed":
    case "voucher-refused":
      return "Paying";
    default:
      return "Nodes are working";
  }
}

function assuredNote({ replicas, reached, spotCheck }: Extract<JobProgress, { step: "assured" }>): string {
  const nodes = replicas === 1 ? "1 node gives" : `${replicas} nodes give`;
  return `${nodes} a confidence of ${reached.toFixed(6)}${spotCheck ? "; this job checks a trusted node" : ""}`;
}
