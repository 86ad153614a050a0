// The flags of mimik job resume.
import type { Flag, RawOptions } from "../../../command/command.ts";

export const jobResumeFlags: readonly Flag[] = [];

export interface JobResumeOptions {
  /** All open jobs when absent. */
  readonly job: string | undefined;
}

export function jobResumeOptions(_raw: RawOptions, argument: string | undefined): JobResumeOptions {
  return { job: argument };
}
