// Gives jobs that are to be checked to another committee: the same specs in an order of its own, by nodes of which none
// belongs to an owner of the first. The first committee is asked nothing more, and the second one is told nothing.
import type { Receipt } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { membersOf } from "../committee/avoided-nodes.ts";
import { currentAttempt, type JobRecord } from "../store/job-record.ts";
import { planAttempt } from "./plan-attempt.ts";

export interface Duplicate {
  /** Of the new job. */
  readonly name: string;
  /** Indices in the first job. */
  readonly jobs: readonly number[];
  /** What the first committee attests of each of them. */
  readonly receipts: readonly Receipt[];
}

/** Stores the job, unless it is stored already. @throws as planAttempt; then nothing is bought */
export async function planDuplicate(world: ClientWorld, first: JobRecord, duplicate: Duplicate): Promise<void> {
  const { name, jobs, receipts } = duplicate;
  if (await isKnown(world, name)) return;
  const { assurance: _, check: __, ...terms } = first.terms;
  const specs = jobs.flatMap((index) => first.specs[index] ?? []);
  const usage = jobs.flatMap((index) => first.usage[index] ?? []);
  const left = new Set(first.specs.map(({ request }) => request));
  for (const { request } of specs) left.delete(request);
  const attempt = await planAttempt(world, {
    bid: first.bid,
    terms,
    quote: { jobs: specs, requests: [], usage },
    banned: [],
    besides: membersOf(currentAttempt(first).committee),
  });
  await world.store.saveJob({
    ...first,
    name,
    createdAt: unixSeconds(world.clock),
    terms,
    specs,
    usage,
    quoted: null,
    blobs: first.blobs.filter(({ digest }) => !left.has(digest)),
    attempts: [attempt],
    duplicateOf: { name: first.name, receipts: [...receipts] },
    state: "open",
    failure: null,
  });
}

async function isKnown({ store }: ClientWorld, name: string): Promise<boolean> {
  try {
    return (await store.job(name)).name === name;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "job-unknown") return false;
    throw error;
  }
}
