// From the wish for a committee to the nodes that the chain's randomness gives it: asked for, waited for, recorded, read.
import type { Hex } from "viem";
import { type CommitteeTerms, committeeSubject } from "#protocol/committee-subject.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeId } from "#protocol/units.ts";
import type { Clock } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { OnProgress } from "../progress.ts";
import type { DrawLedger } from "./draw-ledger.ts";

export interface DrawWorld {
  readonly draws: DrawLedger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * The drawn nodes, strictly ascending. What an earlier call has begun is gone on with.
 * @throws `too-few-owners`, `beacon-late`, `chain-unreachable`
 */
export async function drawCommittee(world: DrawWorld, committee: CommitteeTerms): Promise<readonly NodeId[]> {
  const { draws, clock, signal } = world;
  const subject = committeeSubject(committee);
  if (!(await draws.drawOf(subject))) await draws.request(subject);
  let [lastBlock, lastChange] = [-1, clock.now()];
  for (;;) {
    const [draw, block] = [await draws.drawOf(subject), await draws.block()];
    if (draw?.randomness) return draws.committeeOf(committee);
    if (block !== lastBlock) [lastBlock, lastChange] = [block, clock.now()];
    if (draw) {
      world.onProgress({ step: "drawing", beaconBlock: draw.beaconBlock, block });
      if (block >= draw.beaconBlock) await recordOrAskAgain(draws, subject, draw.beaconBlock, block);
    }
    if (clock.now() - lastChange > CLIENT_LIMITS.drawQuietMillis) throw beaconLate(block, draw?.beaconBlock);
    await clock.sleep(CLIENT_LIMITS.drawPollMillis, signal);
  }
}

/** A beacon that is too old to be recorded is asked for again; the contract knows whether it is. */
async function recordOrAskAgain(draws: DrawLedger, subject: Hex, beaconBlock: number, block: number): Promise<void> {
  try {
    await draws.record(beaconBlock);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== "header-not-provable") throw error;
    // Some endpoints try a call in the latest block, which does not know its own hash yet.
    if (block > beaconBlock + CLIENT_LIMITS.drawFreshBlocks) await draws.request(subject, beaconBlock);
  }
}

function beaconLate(block: number, beaconBlock: number | undefined): ProtocolError {
  return new ProtocolError(
    "unreachable",
    "beacon-late",
    `The chain stands still at block ${block}, and the draw waits for block ${beaconBlock ?? "of its request"}.`,
    {
      hint: "Rent again later: the draw stands, and will be gone on with.",
      context: { block, beaconBlock: beaconBlock ?? null },
      retryable: true,
    },
  );
}
