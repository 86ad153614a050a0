// The consumer's draws over chain/: reads, and transactions through a lane that never repeats one.
import { readHeader } from "#chain/block-header.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import { proveCommitteeCall, recordBeaconCall, requestDrawCall } from "#chain/draw-calls.ts";
import { readDraw, readDrawnCommittee } from "#chain/read-draw.ts";
import type { DrawLedger } from "../draw/draw-ledger.ts";
import type { Sender } from "./chain-ledger.ts";

/** `signal` ends waiting; a transaction that was sent goes on. */
export function chainDraws(chain: Chain, lane: Sender, signal: AbortSignal): DrawLedger {
  const send: Sender["send"] = (key, call) => lane.send(key, call, { signal });
  const { client, settings } = chain;
  return {
    block: async () => Number(await asChainCall(settings.rpcUrl, "the latest block", () => client.getBlockNumber())),
    drawOf: (subject) => readDraw(chain, subject),
    request: async (subject, missed = 0) => {
      // A draw that is asked for again is another call.
      await send(`draw:${subject}:${missed}`, requestDrawCall(chain, subject));
    },
    record: async (beaconBlock) => {
      const header = await readHeader(chain, beaconBlock);
      if (header) await send(`beacon:${chain.contracts.draws}:${beaconBlock}`, recordBeaconCall(chain, header));
    },
    committeeOf: (committee) => readDrawnCommittee(chain, committee),
    prove: async (terms, lease) => (await send(`drawn:${lease}`, proveCommitteeCall(chain, terms))).hash,
  };
}
