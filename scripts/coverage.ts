// npm run coverage -- [--json]: which ways the Solidity tests make the contracts go. Fails below 95 % of all branches, and
// for every outcome that no test reaches and scripts/coverage/exceptions.json does not name.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Outcome } from "./coverage/instrument-branches.ts";
import { type Exception, type Judgement, judgeBranches, percentOf, type Share } from "./coverage/judge-branches.ts";
import { measureBranches } from "./coverage/measure-branches.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXCEPTIONS = new URL("coverage/exceptions.json", import.meta.url);

const { json } = parseArgs({ options: { json: { type: "boolean", default: false } } }).values;
const exceptions = JSON.parse(readFileSync(EXCEPTIONS, "utf8")) as Exception[];
try {
  const { outcomes, unmeasured } = await measureBranches(ROOT);
  const judgement = judgeBranches(outcomes, exceptions);
  console.log(json ? JSON.stringify({ ...judgement, unmeasured }, undefined, 2) : render(judgement, unmeasured));
  if (!judgement.ok) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function render({ contracts, branches, functions, uncovered, stale }: Judgement, unmeasured: readonly string[]) {
  const rows = [...contracts, { contract: "all", branches, functions }].map(
    (row) => `${row.contract.padEnd(42)}${shareText(row.branches)}${shareText(row.functions)}`,
  );
  return [
    `${"".padEnd(42)}${"branches".padStart(18)}${"functions".padStart(18)}`,
    ...rows,
    ...section(
      "Reached by no test",
      uncovered.map((outcome) => `${placeOf(outcome)}: ${outcome.reason ?? "NOT NAMED"}`),
    ),
    ...section("Exceptions to take back: reached, or there no more", stale.map(nameOf)),
    ...section("Not measured in inline assembly", unmeasured),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function shareText(share: Share): string {
  const { covered, total } = share;
  return (total === 0 ? "–" : `${covered}/${total} ${percentOf(share).toFixed(1)} %`).padStart(18);
}

function placeOf(outcome: Outcome): string {
  return nameOf(outcome).replace(" ", `:${outcome.line} `);
}

function nameOf({ contract, where, what, outcome }: Omit<Outcome, "line">): string {
  return `${contract} ${where}, ${what}: ${outcome === "reached" ? "" : "never "}${outcome}`.replace(/: reached$/, "");
}
