// Every check that needs no run of the programs: format, lint, types, the lock file, the rules of the house.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name: string) => `${root}node_modules/.bin/${name}`;

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  "format and lint": [bin("biome"), "ci", "--colors=off", "."],
  types: [bin("tsc"), "-p", "."],
  "types of the dashboard": [bin("tsc"), "-p", "marketplace/dashboard"],
  "Solidity lint": [bin("solhint"), "--max-warnings=0", "contracts/**/*.sol"],
  "Solidity format": [bin("prettier"), "--check", "contracts/**/*.sol", "test/contracts/**/*.sol"],
  "lock file": [process.execPath, "scripts/complete-lockfile.mjs", "--check"],
  tidy: [process.execPath, "--test", "test/tidy.test.ts"],
};

/** A check's exit and everything it printed. */
function run([command, ...args]: readonly string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command ?? "", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

let failed = 0;
for (const [name, command] of Object.entries(CHECKS)) {
  const { ok, output } = await run(command);
  console.log(`${ok ? "ok  " : "FAIL"} ${name}`);
  if (!ok) {
    failed++;
    console.log(output);
  }
}
process.exitCode = failed > 0 ? 1 : 0;
