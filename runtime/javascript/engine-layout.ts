// Where things lie in the memory of the pinned engine build. They are facts of those exact bytes, checked at start.

const KIB = 1024;

export const ENGINE_LAYOUT = {
  /** Pages that the build declares. */
  pages: 256,
  /** Constants and static variables lie below; the native stack grows down to here from `stackTop`. */
  staticEnd: 90_208,
  stackTop: 5_333_088,
  /** Address of the heap's end, a 32-bit word that only grows. */
  heapEndPointer: 86_864,
  /**
   * Native stack that JavaScript may use: about 1,450 nested calls. The meter's own bound on depth lies above it, so that
   * a guest gets an error that it can catch.
   */
  stackBytes: 256 * KIB,
  /** The engine's own functions may go so much deeper than the limit that JavaScript is held to. */
  stackSlackBytes: 64 * KIB,
  /** A memory whose heap ends above is thrown away instead of cleared, so that one large call does not hold it. */
  clearedBytesMax: 64 * 1024 * KIB,
  /** Memory outside of what is reset that must be untouched after a call; otherwise the instance is thrown away. */
  guardBytes: 16 * KIB,
} as const;

/** Name of the exported global that holds the stack pointer. */
export const STACK_POINTER = "~g0";

/** Evaluating a source is not billed, so it has a bound of its own: a second or so. */
export const LOAD_FUEL = 5_000_000_000n;
