// The flags of mimik quote.
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
  TERM_FLAGS,
  type TermFlags,
  termFlags,
} from "../../command/job-flags.ts";
import { requireArgument } from "../../command/option-values.ts";

export const quoteFlags: readonly Flag[] = [
  ...REQUEST_FLAGS,
  ...TERM_FLAGS,
  ...CONFIDENCE_FLAGS,
  ...CHECK_FLAGS,
  ...LIMIT_FLAGS,
];

export interface QuoteOptions {
  readonly path: string;
  readonly request: RequestFlags;
  readonly terms: TermFlags;
  readonly confidence: number | undefined;
  readonly check: CheckWish | undefined;
  readonly limits: { readonly fuel?: bigint; readonly memoryPages?: number };
}

export function quoteOptions(raw: RawOptions, argument: string | undefined): QuoteOptions {
  return {
    path: requireArgument(argument, "microservice"),
    request: requestFlags(raw),
    terms: termFlags(raw),
    confidence: confidenceFlag(raw),
    check: checkFlags(raw),
    limits: limitFlags(raw),
  };
}
