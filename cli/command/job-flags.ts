// The flags of every command that sends work: what to send, how many must agree, and what it may cost.
import type { CheckWish } from "#client/job-terms.ts";
import { CHECK_WAYS } from "#protocol/answer-check.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Amount, parseAmount } from "#protocol/units.ts";
import { RATE_AXES, type Rates } from "#protocol/usage.ts";
import type { Flag, RawOptions } from "./command.ts";
import {
  amountOption,
  choiceOption,
  durationOption,
  integerOption,
  invalid,
  shareOption,
  textOption,
  textOptions,
} from "./option-values.ts";

export const REQUEST_FLAGS: readonly Flag[] = [
  {
    form: "--input <file>",
    summary: "body of the request, - for standard input; several make several jobs",
    repeated: true,
  },
  { form: "--method <method>", summary: "GET without an input, POST with one" },
  { form: "--url <path>", summary: "path of the request, / by default" },
  { form: "--header <name:value>", summary: "header of the request", repeated: true },
];

export interface RequestFlags {
  readonly inputs: readonly string[];
  readonly method: string | undefined;
  readonly url: string;
  readonly headers: readonly string[];
}

export function requestFlags(raw: RawOptions): RequestFlags {
  return {
    inputs: textOptions(raw, "input"),
    method: textOption(raw, "method")?.toUpperCase(),
    url: textOption(raw, "url") ?? "/",
    headers: textOptions(raw, "header"),
  };
}

export const LIMIT_FLAGS: readonly Flag[] = [
  { form: "--fuel <number>", summary: "most fuel of one job; the image's own limit by default" },
  { form: "--memory <pages>", summary: "most memory of one job in 64 KiB pages; the image's own limit by default" },
];

/** Only what is given. */
export function limitFlags(raw: RawOptions): { readonly fuel?: bigint; readonly memoryPages?: number } {
  const fuel = integerOption(raw, "fuel", 1, 200_000_000_000);
  const memoryPages = integerOption(raw, "memory", 1, 8_192);
  return { ...(fuel !== undefined && { fuel: BigInt(fuel) }), ...(memoryPages !== undefined && { memoryPages }) };
}

/** Where to look for nodes without a marketplace. */
export const SOURCE_FLAGS: readonly Flag[] = [
  {
    form: "--node <url>",
    summary: "a node to choose from; several make a choice without a marketplace",
    repeated: true,
  },
];

export const TERM_FLAGS: readonly Flag[] = [
  { form: "--replicas <number>", summary: "nodes that run every job, 3 by default" },
  { form: "--quorum <number>", summary: "nodes that must agree; more than half" },
  { form: "--budget <tokens>", summary: "most that all nodes together may be paid, 1 by default" },
  { form: "--max-rate <axis=tokens>", summary: `highest rate of a node on ${RATE_AXES.join(", ")}`, repeated: true },
  { form: "--deadline <duration>", summary: "from the order to its deadline, 60s by default" },
  { form: "--scope <name>", summary: "cluster to look in, any by default" },
  { form: "--isolation <class>", summary: "weakest isolation that will do: process or kernel" },
];

/** For commands that choose a committee for one job. */
export const CONFIDENCE_FLAGS: readonly Flag[] = [
  {
    form: "--confidence <share>",
    summary: "how sure the answer must be, such as 0.99: decides the replicas by the nodes' records",
  },
];

/** @throws `option-invalid`, `options-conflict` beside --replicas, --quorum or --lease */
export function confidenceFlag(raw: RawOptions): number | undefined {
  const confidence = shareOption(raw, "confidence", 0.5);
  if (confidence === undefined) return undefined;
  for (const other of ["replicas", "quorum", "lease"]) {
    if (textOption(raw, other) === undefined) continue;
    throw new ProtocolError("invalid", "options-conflict", `--confidence and --${other} are given both.`, {
      hint: `Give one of them: --confidence decides what --${other} would.`,
    });
  }
  return confidence;
}

/** For commands that may leave most jobs unrun here. */
export const CHECK_FLAGS: readonly Flag[] = [
  {
    form: "--check <share>",
    summary: "instead of a quote, check this share of the jobs before paying, such as 0.05; no node knows which",
  },
  {
    form: "--check-by <who>",
    summary: "who gives the answer to compare with: self, by default, or a committee of other owners",
  },
];

/** @throws `option-invalid`, `options-conflict` for --check-by alone */
export function checkFlags(raw: RawOptions): CheckWish | undefined {
  const by = choiceOption(raw, "checkBy", CHECK_WAYS);
  const text = textOption(raw, "check");
  if (text === undefined) {
    if (by === undefined) return undefined;
    throw new ProtocolError("invalid", "options-conflict", "--check-by is given without --check.", {
      hint: "Give the share of the jobs too, such as --check 0.05.",
    });
  }
  const share = Number(text);
  const isShare = /^(0?\.\d{1,12}|1)$/.test(text) && share > 0;
  if (!isShare) throw invalid("check", text, "a share above 0 and up to 1, such as 0.05");
  return { share, by: by ?? "self" };
}

export interface TermFlags {
  readonly replicas: number | undefined;
  readonly quorumBps: number | undefined;
  readonly budget: Amount | undefined;
  readonly maxRates: Rates | undefined;
  readonly deadlineSeconds: number | undefined;
  readonly scope: string | undefined;
  readonly isolation: "process" | "kernel" | undefined;
}

/** @throws `option-invalid`, `quorum-out-of-range`, `rate-malformed` */
export function termFlags(raw: RawOptions): TermFlags {
  const replicas = integerOption(raw, "replicas", 1, 16);
  const quorum = integerOption(raw, "quorum", 1, 16);
  const budget = amountOption(raw, "budget");
  return {
    replicas,
    quorumBps: quorumBpsOf(quorum, replicas ?? 3),
    budget,
    maxRates: maxRatesOf(textOptions(raw, "maxRate"), budget ?? 1_000_000n),
    deadlineSeconds: durationOption(raw, "deadline"),
    scope: textOption(raw, "scope"),
    isolation: choiceOption(raw, "isolation", ["process", "kernel"]),
  };
}

/** The share that rounds up to exactly `quorum` nodes; half and less would let two answers be right at once. */
function quorumBpsOf(quorum: number | undefined, replicas: number): number | undefined {
  // Without a wish: all of one or two, and more than half of larger committees.
  const wanted = quorum ?? Math.floor(replicas / 2) + 1;
  const bps = Math.floor((wanted * 10_000) / replicas);
  if (bps > 5_000 && bps <= 10_000) return bps;
  throw new ProtocolError("invalid", "quorum-out-of-range", `${wanted} of ${replicas} nodes cannot be a quorum.`, {
    hint: `Give --quorum from ${Math.floor(replicas / 2) + 1} to ${replicas}.`,
    context: { quorum: wanted, replicas },
  });
}

function maxRatesOf(given: readonly string[], otherwise: Amount): Rates | undefined {
  if (given.length === 0) return undefined;
  const rates = { job: otherwise, fuel: otherwise, memory: otherwise, bytes: otherwise, events: otherwise };
  for (const text of given) {
    const [name = "", value = ""] = text.split("=", 2);
    const axis = RATE_AXES.find((candidate) => candidate === name);
    if (!axis) {
      throw new ProtocolError("invalid", "rate-malformed", `"${text.slice(0, 60)}" is not a rate.`, {
        hint: `Give --max-rate axis=tokens with one of ${RATE_AXES.join(", ")}.`,
      });
    }
    rates[axis] = parseAmount(value);
  }
  return rates;
}
