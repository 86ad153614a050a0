// The flags of commands that act for the node of this machine.
import { join } from "node:path";
import { parseAmount } from "#protocol/units.ts";
import type { Flag, RawOptions } from "./command.ts";
import { addressOption, choiceOption, integerOption, invalid, textOption, textOptions } from "./option-values.ts";

export const NODE_FLAGS: readonly Flag[] = [
  {
    form: "--node-home <folder>",
    summary: "the node's folder with node.toml and its key; node/ in the home by default",
  },
  { form: "--owner <address>", summary: "the account that the node earns for" },
  { form: "--endpoint <url>", summary: "URL under which others reach the node" },
  { form: "--slots <number>", summary: "jobs at once" },
  { form: "--memory <pages>", summary: "most memory of one job in 64 KiB pages" },
  { form: "--rate <axis=tokens>", summary: "price per job, fuel, memory, bytes or events", repeated: true },
  { form: "--scope <name>", summary: "a cluster that the node serves", repeated: true },
];

/** In the form of the node's own settings, so that they stand above node.toml; only what is given. */
export interface NodeFlags {
  readonly nodeHome: string | undefined;
  readonly owner?: string;
  readonly endpoint?: string;
  readonly slots?: number;
  readonly memoryPages?: number;
  readonly rates?: Readonly<Record<string, string>>;
  readonly scopes?: readonly string[];
  readonly isolation?: "auto" | "process";
}

/** @throws `option-invalid` */
export function nodeFlags(raw: RawOptions): NodeFlags {
  const owner = addressOption(raw, "owner");
  const endpoint = textOption(raw, "endpoint");
  const slots = integerOption(raw, "slots", 1, 1_024);
  const memoryPages = integerOption(raw, "memory", 1, 8_192);
  const isolation = choiceOption(raw, "isolation", ["auto", "process"]);
  const rates = ratesOf(textOptions(raw, "rate"));
  const scopes = textOptions(raw, "scope");
  return {
    nodeHome: textOption(raw, "nodeHome"),
    ...(owner && { owner }),
    ...(endpoint && { endpoint }),
    ...(slots !== undefined && { slots }),
    ...(memoryPages !== undefined && { memoryPages }),
    ...(isolation && { isolation }),
    ...(rates && { rates }),
    ...(scopes.length > 0 && { scopes }),
  };
}

/** The node's folder: the flag's, MIMIK_NODE_HOME's, or `node` in the person's home. */
export function nodeHomeOf(
  { nodeHome }: NodeFlags,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return nodeHome ?? env.MIMIK_NODE_HOME ?? join(home, "node");
}

const AXES = ["job", "fuel", "memory", "bytes", "events"];

function ratesOf(given: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((text) => {
      const [axis = "", tokens = ""] = text.split("=", 2);
      if (!AXES.includes(axis)) throw invalid("rate", text, `axis=tokens with one of ${AXES.join(", ")}`);
      parseAmount(tokens);
      return [axis, tokens];
    }),
  );
}
