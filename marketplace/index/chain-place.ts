// How far the index is: the follower's checkpoint, and which exchange all of it is about.
import type { Checkpoint } from "#chain/follow.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Writer } from "../store/open-store.ts";
import { bids, chainState, offers } from "../store/schema.ts";
import { emptyIndex } from "./rewind.ts";

const ROW = 1;

/**
 * Makes the store one about `domain`: what it holds of another exchange is forgotten, the book's statements too, since
 * they were signed for the other one.
 */
export function claimStore(writer: Writer, { chainId, exchange }: ExchangeDomain): void {
  const state = writer.select().from(chainState).get();
  if (!state || (state.chainId === chainId && state.exchange === exchange)) return;
  emptyIndex(writer);
  writer.delete(offers).run();
  writer.delete(bids).run();
}

/** Where to go on following. Without a place the index is emptied, since the chain is read from the beginning again. */
export function loadPlace(writer: Writer, domain: ExchangeDomain): Checkpoint | undefined {
  const checkpoint = writer.select().from(chainState).get()?.checkpoint;
  if (checkpoint != null) return JSON.parse(checkpoint) as Checkpoint;
  beginAnew(writer, domain);
  return undefined;
}

/** To be called in the transaction that writes what the checkpoint stands for. */
export function savePlace(writer: Writer, checkpoint: Checkpoint): void {
  writer
    .update(chainState)
    .set({ checkpoint: JSON.stringify(checkpoint), block: checkpoint.block })
    .run();
}

/** Empties the index. Answers the nodes that were known. */
export function beginAnew(writer: Writer, { chainId, exchange }: ExchangeDomain): ReturnType<typeof emptyIndex> {
  const known = emptyIndex(writer);
  writer.insert(chainState).values({ id: ROW, chainId, exchange, checkpoint: null, block: null, paid: 0n }).run();
  return known;
}
