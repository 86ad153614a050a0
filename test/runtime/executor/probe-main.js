// A test instrument: what an attacker who broke out of the engine would try first. It runs where an executor runs and
// prints one JSON line: each attempt with the error that stopped it, or "succeeded".
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { Worker } from "node:worker_threads";

const [, , secretPath, port, daemon] = process.argv;

function attempt(action) {
  try {
    const result = action();
    if (result?.error) return result.error.code ?? String(result.error);
    return "succeeded";
  } catch (error) {
    return error.code ?? error.name;
  }
}

function attemptLater(start) {
  return new Promise((resolve) => {
    try {
      start((error) => resolve(error ? error.code : "succeeded"));
    } catch (error) {
      resolve(error.code ?? error.name);
    }
  });
}

const results = {
  readSecret: attempt(() => readFileSync(secretPath)),
  readPasswords: attempt(() => readFileSync("/etc/passwd")),
  listRoot: attempt(() => readdirSync("/root")),
  readDaemon: attempt(() => readFileSync(`/proc/${daemon}/environ`)),
  writeFile: attempt(() => writeFileSync("/tmp/probe", "x")),
  writeOwnCode: attempt(() => writeFileSync(process.argv[1], "x")),
  environment: Object.keys(process.env).filter((name) => name !== "PWD").length === 0 ? "EMPTY" : "succeeded",
  startProcess: attempt(() => spawnSync(process.execPath, ["-e", "1"])),
  startThread: attempt(() => new Worker("0", { eval: true })),
  signalDaemon: attempt(() => process.kill(Number(daemon), 0)),
  evaluate: attempt(() => new Function("return 1")()),
  connect: await attemptLater((done) => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", done);
    socket.on("connect", () => {
      socket.destroy();
      done();
    });
  }),
  listen: await attemptLater((done) => {
    const server = createServer();
    server.on("error", done);
    server.listen(0, "127.0.0.1", () => server.close(() => done()));
  }),
};
// Not process.stdout: it would ask the system about its pipe, which the filter forbids.
writeSync(1, `${JSON.stringify(results)}\n`);
