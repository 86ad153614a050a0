// The consumer's draws over chain/: reads, and transactions through a lane that never repeats one.
import type { Address } from "viem";
import { readHeader } from "#chain/block-header.ts";
import { approveDrawsCall, withdrawCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import { proveCommitteeCall, recordBeaconCall, requestDrawCall } from "#chain/draw-calls.ts";
import { readAllowance } from "#chain/read-account.ts";
import { readDraw, readDrawnCommittee, readDrawPrice } from "#chain/read-draw.ts";
import type { DrawLedger } from "../draw/draw-ledger.ts";
import type { Sender } from "./chain-ledger.ts";

/** `consumer` sends through the lane. `signal` ends waiting; a transaction that was sent goes on. */
export function chainDraws(chain: Chain, consumer: Address, lane: Sender, signal: AbortSignal): DrawLedger {
  const send: Sender["send"] = (key, call) => lane.send(key, call, { signal });
  const { client, settings, contracts } = chain;
  return {
    block: async () => Number(await asChainCall(settings.rpcUrl, "the latest block", () => client.getBlockNumber())),
    drawOf: (subject) => readDraw(chain, subject),
    price: () => readDrawPrice(chain),
    request: async (subject, missed = 0) => {
      const price = await readDrawPrice(chain);
      // A draw that is asked for again is another call, and another price. Each takes its own from the account, so that
      // two draws at once do not count on the same tokens.
      const draw = `${subject}:${missed}`;
      await send(`draw-price:${draw}`, withdrawCall(chain, price));
      if ((await readAllowance(chain, consumer, contracts.draws)) < price) {
        await send(`draw-approval:${draw}`, approveDrawsCall(chain));
      }
      await send(`draw:${draw}`, requestDrawCall(chain, subject));
    },
    record: async (beaconBlock) => {
      const header = await readHeader(chain, beaconBlock);
      if (header) await send(`beacon:${contracts.draws}:${beaconBlock}`, recordBeaconCall(chain, header));
    },
    committeeOf: (committee) => readDrawnCommittee(chain, committee),
    prove: async (terms, lease) => (await send(`drawn:${lease}`, proveCommitteeCall(chain, terms))).hash,
  };
}
