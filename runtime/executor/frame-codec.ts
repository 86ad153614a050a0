// Frames on a byte stream: u32le length of what follows, u8 type, payload. Both ends read them from strangers.
import { ProtocolError } from "#protocol/protocol-error.ts";
import { EXECUTOR_LIMITS } from "./limits.ts";

export interface Frame {
  readonly type: number;
  /** A view that is valid until the reader's next `push`. */
  readonly payload: Uint8Array;
}

const HEAD_BYTES = 5;

/** A buffer with room for `payloadBytes`, its head written; the payload starts at offset 5. */
export function newFrame(type: number, payloadBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payloadBytes);
  frame.writeUInt32LE(1 + payloadBytes, 0);
  frame[4] = type;
  return frame;
}

/** Where a frame's payload starts. */
export const FRAME_PAYLOAD_OFFSET = HEAD_BYTES;

/** Cuts a stream into frames. It holds at most one unfinished frame. */
export class FrameReader {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #wantedBytes = 0;

  /**
   * Takes the next piece of the stream and gives every frame that is whole now. The piece may be reused by the caller
   * once all of them are read.
   * @throws `frame-malformed`
   */
  *push(chunk: Uint8Array): Generator<Frame> {
    const whole = this.#join(chunk);
    if (whole === undefined) return;
    // Not a Buffer, whose `slice` would share memory that is about to be reused.
    let rest = new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
    for (;;) {
      const length = lengthOf(rest);
      this.#wantedBytes = length === undefined ? 4 : 4 + length;
      if (rest.length < this.#wantedBytes) break;
      const frame = rest.subarray(0, this.#wantedBytes);
      rest = rest.subarray(this.#wantedBytes);
      yield { type: frame[4] ?? 0, payload: frame.subarray(HEAD_BYTES) };
    }
    this.#held = rest.length === 0 ? [] : [rest.slice()];
    this.#heldBytes = rest.length;
  }

  /** What is held and the new piece together, once that makes a whole frame: a long one costs one copy. */
  #join(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#heldBytes === 0) return chunk;
    this.#held.push(new Uint8Array(chunk));
    this.#heldBytes += chunk.length;
    return this.#heldBytes < this.#wantedBytes ? undefined : Buffer.concat(this.#held);
  }
}

function lengthOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length >= 1 && length <= 1 + EXECUTOR_LIMITS.frameBytes) return length;
  throw new ProtocolError("invalid", "frame-malformed", `A frame of ${length} bytes is not one of ours.`, {
    context: { length, limit: EXECUTOR_LIMITS.frameBytes },
  });
}
