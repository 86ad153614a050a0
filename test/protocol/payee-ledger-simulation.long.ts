// Breaks the rules one after the other: the simulation must notice each, and its seed alone must show the same again.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BROKEN_RULES, type BrokenRule } from "./simulation/broken-rules.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const SIMULATION = "test/protocol/payee-ledger-simulation.test.ts";
const LANES = 2;

interface Run {
  readonly passed: boolean;
  readonly output: string;
}

function simulate(rule: string, settings: Readonly<Record<string, string>>): Promise<Run> {
  const breaking = ["--import", `${root}test/protocol/simulation/break-rule.ts`];
  // The runner's own variables would have the child report in a language of its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...breaking, SIMULATION], {
      cwd: root,
      env: { ...env, ...settings, BROKEN_RULE: rule },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ passed: code === 0, output }));
  });
}

async function requireNoticed({ name, harmless }: BrokenRule): Promise<string> {
  const { passed, output } = await simulate(name, {});
  if (harmless !== undefined) {
    assert.ok(passed, `"${name}" is said to be harmless: ${harmless}\n${output}`);
    return `${name}: harmless, ${harmless}`;
  }
  assert.ok(!passed, `nobody notices "${name}"`);
  const [told, seed = ""] = /SIMULATION_SEED=(\d+)[^\n]*\n[^\n]*/.exec(output) ?? [];
  assert.ok(told, `"${name}" is noticed without a seed:\n${output}`);
  const again = await simulate(name, { SIMULATION_SEED: seed, SIMULATION_LEASES: "1" });
  assert.ok(!again.passed && again.output.includes(told), `seed ${seed} shows "${name}" only once:\n${again.output}`);
  return `${name}: ${told.replace(/\s+/g, " ")}`;
}

test("whichever rule is broken, the simulation notices, and its seed shows it again", async (context) => {
  const waiting = BROKEN_RULES.values();
  const failures: string[] = [];
  const lane = async () => {
    for (const rule of waiting) {
      try {
        context.diagnostic(await requireNoticed(rule));
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  assert.deepEqual(failures, []);
});
