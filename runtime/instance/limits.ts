// Bounds of what one executor keeps for instances, and the fuel of loading a module.
import { LIMITS } from "#protocol/limits.ts";

export const INSTANCE_LIMITS = {
  /** Fuel for a module's start function and `_initialize`: they run once, when the module is loaded, and are not billed. */
  initialFuel: 200_000_000n,
  /** Idle memories kept for reuse: each reserves gigabytes of address space. */
  idleMemories: 64,
  /** A larger memory is given back to the system: clearing it costs more than mapping a new one. */
  idleMemoryPages: 128,
  /** Elements of a table that are reset one by one; an instance with a larger changed table is dropped. */
  resetTableElements: 1_024,
  logBytes: LIMITS.jobLogBytes,
  /** Bytes that one call may ask of the seeded random source. */
  randomBytes: 65_536,
  /** Bytes of arguments and environment of a WASI command. */
  environmentBytes: 64 * 1_024,
  /** Buffers in one scattered read or write, as in POSIX. */
  ioVectors: 1_024,
  /** Subscriptions in one poll. */
  pollSubscriptions: 64,
} as const;
