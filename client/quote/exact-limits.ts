// From what a run used to what the same run may use on a node.
import { LIMITS } from "#protocol/limits.ts";
import type { Usage } from "#protocol/usage.ts";
import type { ExecutionLimits } from "#runtime/execution.ts";
import { CLIENT_LIMITS } from "../limits.ts";

const RESPONSE_STEP_BYTES = 1_024;

/**
 * Limits just above `usage`, never above `wished`. Memory needs no head-room: a growth that succeeded here stays within
 * the peak, and one that failed fails under the lower limit too.
 */
export function exactLimits(usage: Usage | undefined, wished: ExecutionLimits): ExecutionLimits {
  if (usage === undefined) return wished;
  const fuel = (usage.fuel * CLIENT_LIMITS.fuelHeadroomPermille) / 1_000n + 1_000n;
  const responseBytes = Math.ceil((usage.bytesOut + 1) / RESPONSE_STEP_BYTES) * RESPONSE_STEP_BYTES;
  return {
    fuel: fuel < wished.fuel ? fuel : wished.fuel,
    memoryPages: Math.max(1, Math.min(usage.memoryPages, wished.memoryPages)),
    responseBytes: Math.min(responseBytes, wished.responseBytes, LIMITS.messageBodyBytes),
  };
}
