// The flags of mimik lease close.
import type { Flag, RawOptions } from "../../../command/command.ts";

export const leaseCloseFlags: readonly Flag[] = [];

export interface LeaseCloseOptions {
  /** All that can be closed when absent. */
  readonly lease: string | undefined;
}

export function leaseCloseOptions(_raw: RawOptions, argument: string | undefined): LeaseCloseOptions {
  return { lease: argument };
}
