#!/usr/bin/env node
// The entry of the command line. Plain JavaScript without imports from the project: it must run on a Node that is too
// old for everything else, only to hand over to the packaged Node 24.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const require = module.createRequire(import.meta.url);

/** The Node that npm installed beside us, or undefined on a platform for which there is none. */
function packagedNode() {
  const platform = { linux: "linux", win32: "win" }[process.platform];
  const file = process.platform === "win32" ? "bin/node.exe" : "bin/node";
  try {
    return require.resolve(`node-${platform}-${process.arch}/${file}`);
  } catch {
    return undefined;
  }
}

function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; the child decides when both end.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`Error: Cannot run ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal) process.exitCode = 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1);
    else process.exitCode = code ?? 1;
  });
}

async function main() {
  // Beside the bundle and not where other users of this machine could write; a folder that we may not write is no error.
  module.enableCompileCache(fileURLToPath(new URL("../dist/compiled", import.meta.url)));
  const builder = new URL("../scripts/build-programs.ts", import.meta.url);
  // A checkout has the sources: bundle what changed. An installed package has the bundle alone.
  if (existsSync(builder)) await (await import(builder.href)).buildPrograms();
  const { main: run } = await import(new URL("../dist/main.js", import.meta.url).href);
  process.exitCode = await run(process.argv.slice(2));
}

if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  await main();
} else {
  const node = packagedNode();
  if (node) runOn(node);
  else {
    process.stderr.write(
      `Error: mimik needs Node.js ${NODE_MAJOR_MIN} or newer, this is ${process.versions.node}.\nNext: install Node.js ${NODE_MAJOR_MIN} and run the command again.\n`,
    );
    process.exitCode = 2;
  }
}
