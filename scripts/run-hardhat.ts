// Runs Hardhat as a program of its own, its output kept for whoever started it. The project is the one in `folder`.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const HARDHAT = fileURLToPath(new URL("../node_modules/hardhat/dist/src/cli.js", import.meta.url));

export async function runHardhat(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  folder = ROOT,
): Promise<{ ok: boolean; output: string }> {
  const child = spawn(process.execPath, [HARDHAT, ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true", ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.once("close", (status) => resolve({ ok: status === 0, output })));
}
