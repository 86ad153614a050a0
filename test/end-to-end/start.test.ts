// npm start as a person meets it: the first job, a second start, taken ports, and Ctrl-C.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const MIMIK = fileURLToPath(new URL("../../bin/mimik.js", import.meta.url));
/** Out of the way of a market that a person may have up. */
const PORTS = { port: 18_700, chainPort: 18_545, nodePort: 17_710 };

let home: string;
let occupant: Server;
let market: ChildProcess;
let output = "";
const env = () => ({ ...process.env, MIMIK_HOME: home, NO_COLOR: "1" });
const mimik = (...words: string[]) => spawnSync(process.execPath, [MIMIK, ...words], { env: env(), encoding: "utf8" });

before(async () => {
  home = mkdtempSync(join(tmpdir(), "mimik-start-"));
  occupant = createServer().listen(PORTS.port, "127.0.0.1");
  await once(occupant, "listening");
  const ports = ["--port", `${PORTS.port}`, "--chain-port", `${PORTS.chainPort}`, "--node-port", `${PORTS.nodePort}`];
  market = spawn(process.execPath, [MIMIK, "up", ...ports], { env: env(), stdio: ["ignore", "pipe", "inherit"] });
  market.stdout?.on("data", (text) => {
    output += text;
  });
  await new Promise<void>((resolve, reject) => {
    market.stdout?.on("data", () => output.includes("Ctrl-C stops everything") && resolve());
    market.once("exit", (code) => reject(new Error(`mimik up ended with ${code}:\n${output}`)));
  });
});

after(() => {
  market?.kill("SIGKILL");
  occupant?.close();
  rmSync(home, { recursive: true, force: true });
});

test("the first job is settled, its story is told, and a taken port moves up and says so", () => {
  assert.match(output, /agreed\s+3 of 3 on answer and bill: sha256:[0-9a-f]{64}/);
  assert.match(output, /settled\s+transaction 0x[0-9a-f]{64}/);
  assert.equal(output.match(/paid\s+0\.\d+ mUSD to owner-/g)?.length, 3);
  assert.match(output, /\d+ packages: \d+ MIT/);
  assert.match(output, new RegExp(`port ${PORTS.port} is taken by another program, using ${PORTS.port + 1}`));
  assert.match(output, new RegExp(`Dashboard\\s+http://127.0.0.1:${PORTS.port + 1}/`));
});

test("commands in another terminal find the market, the job and the earnings", async () => {
  const jobs = JSON.parse(mimik("job", "list", "--json").stdout);
  assert.equal(jobs.jobs.length, 1);
  const owner = JSON.parse(mimik("earnings", "--wallet", "local-owner-1", "--json").stdout);
  assert.ok(BigInt(owner.earned) > 0n);
  const page = await fetch(`http://127.0.0.1:${PORTS.port + 1}/`);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<title>/);
});

test("a wanted confidence is quoted as money, and run with the replicas that give it", () => {
  const job = ["examples/licence-audit", "--input", "examples/licence-audit/sample.json"];
  const quote = mimik("quote", ...job, "--confidence", "0.97", "--json");
  const { total, confidence } = JSON.parse(quote.stdout).market;
  assert.deepEqual([confidence.replicas, confidence.quorum, confidence.checkedShare], [3, 2, 1]);
  assert.ok(confidence.reached >= 0.97 && confidence.reached < 1);
  assert.ok(BigInt(total) > 0n);
  assert.equal(confidence.expectedTotal, total);
  const run = JSON.parse(mimik("run", ...job, "--confidence", "0.97", "--json").stdout);
  assert.equal(run.committee.length, 3);
  assert.equal(run.assurance.wanted, 0.97);
});

test("a second start says that it is running already and does no harm", () => {
  const second = mimik("up");
  assert.equal(second.status, 0);
  assert.match(second.stdout, /running already/);
  assert.equal(mimik("doctor").status, 0);
});

test("Ctrl-C stops everything and leaves no process behind", async () => {
  const children = descendantsOf(market.pid ?? 0);
  assert.ok(children.length >= 5, `${children.length} programs`);
  market.kill("SIGINT");
  const [code] = await once(market, "exit");
  assert.equal(code, 0);
  assert.deepEqual(children.filter(isAlive), []);
  assert.equal(readdirSync(home).includes("local.json"), false);
});

/** Every process below `pid`, from what Linux says of each. */
function descendantsOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of execFileSync("ls", ["/proc"], { encoding: "utf8" })
    .split("\n")
    .filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found.slice(1);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
