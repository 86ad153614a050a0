// The flags of mimik rent.
import type { Flag, RawOptions } from "../../command/command.ts";
import { SOURCE_FLAGS, TERM_FLAGS, type TermFlags, termFlags } from "../../command/job-flags.ts";
import { durationOption, integerOption, textOptions } from "../../command/option-values.ts";

export const rentFlags: readonly Flag[] = [
  { form: "--duration <duration>", summary: "how long the lease lasts, 1h by default" },
  { form: "--memory <pages>", summary: "memory that one job may have in 64 KiB pages, 256 by default" },
  { form: "--drawn", summary: "let the chain draw the nodes by stake, at the price of a draw, not the cheapest" },
  ...TERM_FLAGS.filter(({ form }) => !form.startsWith("--deadline")),
  ...SOURCE_FLAGS,
];

export interface RentOptions {
  readonly durationSeconds: number;
  readonly memoryPages: number;
  readonly committee: "chosen" | "drawn";
  readonly terms: TermFlags;
  /** Base URLs. */
  readonly nodes: readonly string[];
}

const HOUR = 3_600;
/** 16 MiB: what most microservices ask for. */
const MEMORY_PAGES = 256;

export function rentOptions(raw: RawOptions): RentOptions {
  return {
    durationSeconds: durationOption(raw, "duration") ?? HOUR,
    memoryPages: integerOption(raw, "memory", 1, 8_192) ?? MEMORY_PAGES,
    committee: raw.drawn === true ? "drawn" : "chosen",
    terms: termFlags(raw),
    nodes: textOptions(raw, "node"),
  };
}
