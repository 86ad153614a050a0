// The flags of mimik job list.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { LIST_FLAGS, type ListOptions, listOptions } from "../../../command/list-flags.ts";
import { switchOption } from "../../../command/option-values.ts";

export const jobListFlags: readonly Flag[] = [
  { form: "--all", summary: "all settled jobs that the marketplace has seen, not this machine's" },
  ...LIST_FLAGS,
];

export interface JobListOptions extends ListOptions {
  readonly all: boolean;
}

export function jobListOptions(raw: RawOptions): JobListOptions {
  return { ...listOptions(raw), all: switchOption(raw, "all") };
}
