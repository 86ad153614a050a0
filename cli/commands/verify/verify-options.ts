// The flags of mimik verify.
import type { Flag, RawOptions } from "../../command/command.ts";
import { requireArgument } from "../../command/option-values.ts";

export const verifyFlags: readonly Flag[] = [];

export interface VerifyOptions {
  readonly job: string;
}

export function verifyOptions(_raw: RawOptions, argument: string | undefined): VerifyOptions {
  return { job: requireArgument(argument, "job") };
}
