// Reads what a stranger sends piece by piece, and gives up on a sender that takes too long.
import { ProtocolError } from "#protocol/protocol-error.ts";

export type Chunks = AsyncIterable<Uint8Array>;

export interface InTime {
  /** From the first read to the last. */
  readonly millis: number;
  /** The refusal of a sender that is too slow. */
  readonly late: (millis: number) => ProtocolError;
  /** The refusal when the body ends before its end. */
  readonly broken: (cause: unknown) => ProtocolError;
}

/** `chunks`, as long as all of them come within the time. @throws what `late` and `broken` make */
export async function* inTime(chunks: Chunks, { millis, late, broken }: InTime): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late(millis)), millis);
  timeout.catch(() => {});
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), timeout]).catch((error: unknown) => {
        throw error instanceof ProtocolError ? error : broken(error);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    clearTimeout(timer);
    // Not awaited: a sender that says nothing would hold us here.
    iterator.return?.()?.catch(() => {});
  }
}
