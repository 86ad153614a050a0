// What a node stands on and does not own the rules of: its key, the chain, the runtime and the clock.
import { setTimeout as sleep } from "node:timers/promises";
import { connectChain } from "#chain/connect.ts";
import type { BlsSecret } from "#protocol/bls.ts";
import type { IsolationClass } from "#protocol/isolation.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { TypedDataSigner } from "#protocol/signing.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { createRuntime, type Runtime } from "#runtime/runtime.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import type { NodeConfig } from "./config/node-config.ts";
import type { CourtChain } from "./court/court-chain.ts";
import { openNodeKey } from "./keys/open-node-key.ts";
import { NODE_LIMITS } from "./limits.ts";
import type { ChainView, ClearingChain, RescueChain } from "./orders/chain-view.ts";
import { exchangeView } from "./orders/exchange-view.ts";
import type { RunJob } from "./orders/order-parts.ts";
import { exchangeClearings, nodeJournalPath } from "./vouchers/exchange-clearings.ts";

export interface NodeFoundation {
  readonly signer: TypedDataSigner;
  readonly chain: ChainView;
  readonly clearings: ClearingChain;
  readonly rescues: RescueChain;
  readonly court: CourtChain;
  /** Signs verdicts. */
  readonly juror: BlsSecret;
  readonly runtimeId: string;
  readonly isolation: IsolationClass;
  readonly runJob: RunJob;
  readonly now: () => UnixSeconds;
  readonly close: () => Promise<void>;
}

/**
 * The real foundation. A chain that is down is not fatal, one that is another than configured is.
 * @throws `chain-mismatch`, `exchange-missing`, and as `openNodeKey` and `createRuntime`
 */
export async function openFoundation(config: NodeConfig): Promise<NodeFoundation> {
  const [{ account: signer, juror }, runtime] = await Promise.all([openNodeKey(config), startRuntime(config)]);
  const journalPath = nodeJournalPath(config.home);
  const clearings = exchangeClearings({ settings: config.chain, account: signer, journalPath });
  return {
    signer: { address: signer.address, signTypedData: (data) => signer.signTypedData(data) },
    chain: exchangeView(config.chain),
    clearings,
    rescues: clearings,
    court: clearings.court,
    juror,
    runtimeId: RUNTIME_ID,
    isolation: runtime.isolation,
    runJob: async ({ image, readBlob, invocation, signal }) =>
      runtime.run(await openImage(image, readBlob), invocation, { lane: "batch", signal }),
    now: () => Math.floor(Date.now() / 1_000),
    // The executors end with this process in any case, so a slow machine need not hold up the stop.
    close: async () => {
      const closing = Promise.allSettled([runtime[Symbol.asyncDispose](), clearings[Symbol.asyncDispose]()]);
      await Promise.race([closing, sleep(NODE_LIMITS.runtimeCloseMillis, undefined, { ref: false })]);
    },
  };
}

/** The chain is asked first: a node with wrong settings must not start processes. */
async function startRuntime({ chain, slots, isolation }: NodeConfig): Promise<Runtime> {
  await connectChain(chain).catch((error: unknown) => {
    if (!(error instanceof ProtocolError && error.retryable)) throw error;
  });
  return createRuntime({ executors: slots, isolation });
}
