// Follows the chain and keeps the index: each event and the place after it are written in one transaction, so that a kill
// at any moment neither loses nor repeats one.
import { setTimeout as sleep } from "node:timers/promises";
import type { Chain } from "#chain/connect.ts";
import { follow } from "#chain/follow.ts";
import type { NodeId } from "#protocol/units.ts";
import type { Store } from "../store/open-store.ts";
import { applyEvent } from "./apply-event.ts";
import { beginAnew, loadPlace, savePlace } from "./chain-place.ts";
import { rewind } from "./rewind.ts";
import type { Touched } from "./touched.ts";

export interface ChainIndexOptions {
  readonly store: Store;
  readonly chain: Chain;
  readonly confirmations: number;
  readonly pollMillis: number;
  /** Rows that are new or have changed. */
  readonly onTouched: (touched: Touched) => void;
  /** Rows were taken back; `nodes` are registered no more. */
  readonly onRewound: (nodes: readonly NodeId[]) => void;
  /** The chain cannot be followed for now; it is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

export interface ChainIndex extends AsyncDisposable {
  /** Why the chain cannot be followed; undefined when it can. */
  trouble(): unknown;
}

const RETRY_MILLIS = 1_000;
const RETRY_MILLIS_MAX = 30_000;

export function startChainIndex(options: ChainIndexOptions): ChainIndex {
  const stopping = new AbortController();
  let trouble: unknown;
  const following = (async () => {
    for (let wait = RETRY_MILLIS; !stopping.signal.aborted; wait = Math.min(wait * 2, RETRY_MILLIS_MAX)) {
      try {
        await followOnce(options, stopping.signal, () => {
          trouble = undefined;
          wait = RETRY_MILLIS;
        });
      } catch (error) {
        if (stopping.signal.aborted) return;
        trouble = error;
        options.onTrouble(error);
        await sleep(wait, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  })();
  return {
    trouble: () => trouble,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await following;
    },
  };
}

async function followOnce(options: ChainIndexOptions, signal: AbortSignal, onProgress: () => void): Promise<void> {
  const { store, chain, confirmations, pollMillis } = options;
  const from = store.write((writer) => loadPlace(writer, chain.domain));
  for await (const change of follow(chain, { from, signal, confirmations, pollMillis })) {
    onProgress();
    if (change.type === "event") {
      const touched = store.write((writer) => {
        const rows = applyEvent(writer, change.event);
        savePlace(writer, change.checkpoint);
        return rows;
      });
      options.onTouched(touched);
    } else if (change.type === "reorg") {
      const { checkpoint } = change;
      const gone = store.write((writer) => {
        if (!checkpoint) return beginAnew(writer, chain.domain);
        const nodes = rewind(writer, change.from);
        savePlace(writer, checkpoint);
        return nodes;
      });
      options.onRewound(gone);
    } else store.write((writer) => savePlace(writer, change.checkpoint));
  }
}
