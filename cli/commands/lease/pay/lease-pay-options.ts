// The flags of mimik lease pay.
import type { Flag, RawOptions } from "../../../command/command.ts";

export const leasePayFlags: readonly Flag[] = [];

export interface LeasePayOptions {
  /** All rented ones that are open when absent. */
  readonly lease: string | undefined;
}

export function leasePayOptions(_raw: RawOptions, argument: string | undefined): LeasePayOptions {
  return { lease: argument };
}
