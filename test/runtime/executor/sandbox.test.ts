import assert from "node:assert/strict";
import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { bubblewrapCommand, findBubblewrap } from "#runtime/executor/bubblewrap.ts";
import { nodeArguments } from "#runtime/executor/launch-executor.ts";
import { seccompFilter } from "#runtime/executor/seccomp-filter.ts";

const probe = fileURLToPath(new URL("./probe-main.js", import.meta.url));
const code = { entry: probe, readable: [probe, fileURLToPath(new URL("../../../package.json", import.meta.url))] };
const folder = mkdtempSync(join(tmpdir(), "mimik-probe-"));
const secret = join(folder, "other-tenant");
writeFileSync(secret, "another tenant's data");
const listener = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
await once(listener, "listening");
const { port } = listener.address() as { port: number };
after(() => {
  listener.close();
  rmSync(folder, { recursive: true });
});

/** What stopped each attempt of the probe, when it is started by that command. */
async function attempts(command: readonly string[], filter?: Buffer): Promise<Record<string, string>> {
  const [program = "", ...parameters] = command;
  const stdio: StdioOptions = ["ignore", "pipe", "pipe", "pipe"];
  const options: SpawnOptions = { env: {}, cwd: "/", stdio };
  const child: ChildProcess = spawn(program, [...parameters, secret, String(port), String(process.pid)], options);
  const pipe = child.stdio[3] as unknown as NodeJS.WritableStream;
  pipe.on("error", () => undefined);
  pipe.end(filter ?? "");
  let output = "";
  let errors = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const [exit, signal] = await once(child, "close");
  assert.notEqual(output, "", `${exit ?? signal}: ${errors}`);
  return JSON.parse(output);
}

test("Node's permission model alone stops files, processes and threads", async () => {
  const stopped = await attempts([process.execPath, ...nodeArguments(code)]);
  const denied = ["readSecret", "readPasswords", "listRoot", "readDaemon", "writeFile", "writeOwnCode", "startProcess"];
  for (const name of [...denied, "startThread"]) assert.equal(stopped[name], "ERR_ACCESS_DENIED", name);
  assert.equal(stopped.environment, "EMPTY", "the launcher passes no environment");
  assert.equal(stopped.evaluate, "EvalError", "V8 makes no code from strings");
  // Not stopped by this class, which is why an offer states it: the network, and signals to the daemon.
  assert.equal(stopped.connect, "succeeded");
});

const bubblewrap = findBubblewrap();
const why = bubblewrap === undefined && "install it with: apt-get install -y bubblewrap";

test("namespaces alone stop files, network and the daemon's processes", { skip: why }, async () => {
  const stopped = await attempts(bubblewrapCommand([process.execPath, probe], code, undefined));
  // The root holds the program alone: these do not exist, or cannot be written.
  for (const name of ["readSecret", "readPasswords", "listRoot"]) assert.equal(stopped[name], "ENOENT", name);
  for (const name of ["writeFile", "writeOwnCode"]) assert.match(stopped[name] ?? "", /^(EROFS|ENOENT)$/, name);
  assert.match(stopped.readDaemon ?? "", /^(ENOENT|EACCES)$/, "the daemon is in another process namespace");
  assert.match(stopped.connect ?? "", /^(ECONNREFUSED|ENETUNREACH)$/, "an empty network namespace");
  assert.equal(stopped.environment, "EMPTY");
});

test("the system-call filter stops sockets, processes and signals", { skip: why }, async () => {
  const filter = seccompFilter(process.arch);
  assert.ok(filter, `there is a table for ${process.arch}`);
  const stopped = await attempts(bubblewrapCommand([process.execPath, probe], code, 3), filter);
  for (const name of ["startProcess", "signalDaemon", "connect", "listen"]) assert.equal(stopped[name], "EPERM", name);
});

test("all layers together leave nothing", { skip: why }, async () => {
  const command = bubblewrapCommand([process.execPath, ...nodeArguments(code)], code, 3);
  const stopped = await attempts(command, seccompFilter(process.arch));
  for (const [name, by] of Object.entries(stopped)) assert.notEqual(by, "succeeded", name);
});
