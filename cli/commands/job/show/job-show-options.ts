// The flags of mimik job show.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { requireArgument, switchOption } from "../../../command/option-values.ts";

export const jobShowFlags: readonly Flag[] = [{ form: "--answer", summary: "print the answer's bytes alone" }];

export interface JobShowOptions {
  readonly job: string;
  readonly answer: boolean;
}

export function jobShowOptions(raw: RawOptions, argument: string | undefined): JobShowOptions {
  return { job: requireArgument(argument, "job"), answer: switchOption(raw, "answer") };
}
