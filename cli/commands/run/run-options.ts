// The flags of mimik run.
import type { CheckWish } from "#client/job-terms.ts";
import type { Flag, RawOptions } from "../../command/command.ts";
import {
  CHECK_FLAGS,
  CONFIDENCE_FLAGS,
  checkFlags,
  confidenceFlag,
  LIMIT_FLAGS,
  limitFlags,
  REQUEST_FLAGS,
  type RequestFlags,
  requestFlags,
  SOURCE_FLAGS,
  TERM_FLAGS,
  type TermFlags,
  termFlags,
} from "../../command/job-flags.ts";
import { requireArgument, textOption, textOptions } from "../../command/option-values.ts";

export const runFlags: readonly Flag[] = [
  ...REQUEST_FLAGS,
  ...TERM_FLAGS,
  ...CONFIDENCE_FLAGS,
  ...CHECK_FLAGS,
  ...SOURCE_FLAGS,
  ...LIMIT_FLAGS,
  { form: "--lease <id>", summary: "use a rented lease instead of a new one" },
  { form: "--drawn", summary: "let the chain draw the nodes by stake, for the price of a draw, in a new rented lease" },
  { form: "--no-quote", summary: "do not run the job here first; the budget bounds its price" },
];

export interface RunOptions {
  readonly path: string;
  readonly request: RequestFlags;
  readonly terms: TermFlags;
  readonly confidence: number | undefined;
  readonly check: CheckWish | undefined;
  readonly limits: { readonly fuel?: bigint; readonly memoryPages?: number };
  /** Base URLs. */
  readonly nodes: readonly string[];
  readonly lease: string | undefined;
  readonly drawn: boolean;
  readonly quote: boolean;
}

export function runOptions(raw: RawOptions, argument: string | undefined): RunOptions {
  const check = checkFlags(raw);
  return {
    path: requireArgument(argument, "microservice"),
    request: requestFlags(raw),
    terms: termFlags(raw),
    confidence: confidenceFlag(raw),
    check,
    limits: limitFlags(raw),
    nodes: textOptions(raw, "node"),
    lease: textOption(raw, "lease"),
    drawn: raw.drawn === true,
    quote: raw.quote !== false && check === undefined,
  };
}
