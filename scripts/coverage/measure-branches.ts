// Runs the Solidity tests on contracts that tell which way they went, in a folder of their own: the project's artifacts
// stay as they are.
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, sep } from "node:path";
import { runHardhat } from "../run-hardhat.ts";
import { HITS_SOURCE, readHits } from "./branch-hits.ts";
import { HITS_FILE, instrumentBranches, type Outcome } from "./instrument-branches.ts";
import { parseSolidity } from "./syntax-tree.ts";

/** What the tests need beside the contracts and themselves. */
const COPIED = ["package.json", "hardhat.config.ts", "protocol/vectors/bls.json"];
/** What a call costs is another matter when every branch tells of itself. */
const GAS_TESTS = "test_Gas";

export interface Measured {
  readonly outcomes: readonly (Outcome & { readonly covered: boolean })[];
  /** "file:line" of what inline assembly decides unseen. */
  readonly unmeasured: readonly string[];
}

/** @throws Error with Hardhat's output when a contract does not build or a test fails. */
export async function measureBranches(root: string): Promise<Measured> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mimik-coverage-")));
  try {
    const { outcomes, unmeasured } = prepare(root, folder);
    const words = ["--config", "coverage.config.ts", "--coverage", "test", "solidity", "--grep-exclude", GAS_TESTS];
    const { ok, output } = await runHardhat(words, {}, folder);
    if (!ok) throw new Error(output);
    const hits = readHits(join(folder, "coverage"));
    return { outcomes: outcomes.map((outcome, id) => ({ ...outcome, covered: hits.has(id) })), unmeasured };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function prepare(root: string, folder: string): { outcomes: Outcome[]; unmeasured: string[] } {
  for (const path of [...COPIED, ...globSync("test/contracts/*.sol", { cwd: root })]) {
    cpSync(join(root, path), join(folder, path));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, "coverage.config.ts"), CONFIG);
  return instrumentAll(root, folder);
}

/** The project's, without Hardhat's own instrumentation: its statements would tell of themselves between ours. */
const CONFIG = `import config from "./hardhat.config.ts";
export default { ...config, coverage: { skipFiles: ["contracts/**"] } };
`;

function instrumentAll(root: string, folder: string): { outcomes: Outcome[]; unmeasured: string[] } {
  const paths = globSync("contracts/**/*.sol", { cwd: root }).map((path) => path.replaceAll(sep, "/"));
  const sources = Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const outcomes: Outcome[] = [];
  const unmeasured: string[] = [];
  for (const [path, tree] of parseSolidity(sources)) {
    const hits = posix.relative(posix.dirname(path), `contracts/${HITS_FILE}`);
    const told = instrumentBranches(path, sources[path] ?? "", tree, outcomes.length, `./${hits}`);
    outcomes.push(...told.outcomes);
    unmeasured.push(...told.unmeasured.map((line) => `${path}:${line}`));
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), told.text);
  }
  writeFileSync(join(folder, "contracts", HITS_FILE), HITS_SOURCE);
  return { outcomes, unmeasured };
}
