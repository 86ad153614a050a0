// The flags of mimik lease list.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { switchOption } from "../../../command/option-values.ts";

export const leaseListFlags: readonly Flag[] = [{ form: "--all", summary: "closed ones too" }];

export interface LeaseListOptions {
  readonly all: boolean;
}

export function leaseListOptions(raw: RawOptions): LeaseListOptions {
  return { all: switchOption(raw, "all") };
}
