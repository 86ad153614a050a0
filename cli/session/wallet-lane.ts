// A wallet's way to the chain that holds the lane's journal only while a transaction is under way, so that several
// commands of one wallet can work side by side.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalAccount } from "viem";
import type { Chain } from "#chain/connect.ts";
import { openLane, type TransactionLane } from "#chain/transaction-lane.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

const RETRY_MILLIS = 150;
/** Longer than a transaction of another command takes on a live chain. */
const WAIT_MILLIS = 90_000;

export interface WalletLaneOptions {
  readonly chain: Chain;
  readonly account: LocalAccount;
  readonly home: string;
  readonly signal: AbortSignal;
}

/** @throws as TransactionLane.send; `journal-in-use` when another command holds the journal for too long */
export function walletLane(options: WalletLaneOptions): Pick<TransactionLane, "send"> {
  const { chain, account, home, signal } = options;
  const { chainId } = chain.settings;
  const name = `${chainId}-${account.address.toLowerCase()}.sqlite`;
  const journalPath = join(home, "lanes", name);
  return {
    send: async (key, call, sendOptions) => {
      await using lane = await openWhenFree({ chain, account, journalPath, pollMillis: 500 }, signal);
      return await lane.send(key, call, { signal, ...sendOptions });
    },
  };
}

async function openWhenFree(options: Parameters<typeof openLane>[0], signal: AbortSignal): Promise<TransactionLane> {
  for (let waited = 0; ; waited += RETRY_MILLIS) {
    try {
      return await openLane(options);
    } catch (error) {
      const taken = error instanceof ProtocolError && error.code === "journal-in-use";
      if (!taken || waited >= WAIT_MILLIS) throw error;
      await sleep(RETRY_MILLIS, undefined, { signal });
    }
  }
}
