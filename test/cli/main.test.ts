// The faces of the command line: help, errors, exit codes, and JSON that is the only thing on standard output.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isGroup } from "#cli/command/build-program.ts";
import { printError } from "#cli/command/print-answer.ts";
import { COMMANDS } from "#cli/commands/command-tree.ts";
import { VERSION } from "#cli/version.ts";
import { ERROR_CATEGORIES, type ErrorCategory, ProtocolError } from "#protocol/protocol-error.ts";
import { mimik } from "./test-io.ts";

let home: string;
let env: Readonly<Record<string, string>>;

before(async () => {
  home = await mkdtemp(join(tmpdir(), "mimik-cli-"));
  env = { MIMIK_HOME: home, NO_COLOR: "1" };
});

after(() => rm(home, { recursive: true, force: true }));

const LEAVES = COMMANDS.flatMap((entry) =>
  isGroup(entry)
    ? entry.commands.map((command) => ({ path: [entry.name, command.name], command }))
    : [{ path: [entry.name], command: entry }],
);

describe("every command", () => {
  for (const { path, command } of LEAVES) {
    test(path.join(" "), async () => {
      const { code, out, err } = await mimik([...path, "--help"]);
      assert.equal(code, 0);
      assert.equal(err, "");
      assert.ok(command.examples.length >= 2);
      for (const example of command.examples) {
        assert.ok(out.includes(`$ ${example}`), example);
        assert.ok(example.includes(`mimik ${path.join(" ")}`), example);
      }
      assert.match(out, /--json/);
      assert.match(out, /--home/);
    });
  }
});

test("every flag in an example is one of its command's", async () => {
  for (const { path, command } of LEAVES) {
    const { out } = await mimik([...path, "--help"]);
    for (const flag of command.examples.join(" ").match(/--[a-z-]+/g) ?? [])
      assert.ok(out.includes(flag), `${path} ${flag}`);
  }
});

test("without a command, and for a group alone, the answer is help", async () => {
  assert.match((await mimik([])).out, /Commands:/);
  const group = await mimik(["wallet"]);
  assert.equal(group.code, 0);
  assert.match(group.out, /fund/);
});

test("the version is package.json's", async () => {
  const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  assert.equal(VERSION, manifest.version);
  assert.equal((await mimik(["--version"])).out.trim(), VERSION);
});

test("an unknown flag or command is refused with the near one", async () => {
  const flag = await mimik(["run", "./x", "--budgt", "1"]);
  assert.equal(flag.code, 2);
  assert.equal(flag.out, "");
  assert.match(flag.err, /^Error: Unknown option '--budgt'\.\nNext: Did you mean --budget\? See mimik run --help\.\n$/);
  const command = await mimik(["walet"]);
  assert.equal(command.code, 2);
  assert.match(command.err, /Did you mean wallet\?/);
  assert.equal((await mimik(["wallet", "crate"])).code, 2);
  assert.equal((await mimik(["wallet", "list", "extra"])).code, 2);
});

describe("a usage error", () => {
  const cases: readonly (readonly string[])[] = [
    ["run"],
    ["run", "./x", "--replicas", "0"],
    ["run", "./x", "--replicas", "3.5"],
    ["run", "./x", "--quorum", "1", "--replicas", "3"],
    ["run", "./x", "--quorum", "4", "--replicas", "3"],
    ["run", "./x", "--confidence", "1"],
    ["run", "./x", "--confidence", "0.4"],
    ["run", "./x", "--confidence", "0.99", "--replicas", "3"],
    ["run", "./x", "--confidence", "0.99", "--lease", "0x123456"],
    ["quote", "./x", "--confidence", "99%"],
    ["run", "./x", "--budget", "-1"],
    ["run", "./x", "--budget", "1.0000001"],
    ["run", "./x", "--budget", "１"],
    ["run", "./x", "--deadline", "soon"],
    ["run", "./x", "--isolation", "strong"],
    ["run", "./x", "--max-rate", "fuel"],
    ["run", "./x", "--max-rate", "speed=1"],
    ["run", "./x", "--header", "no colon"],
    ["run", "./x", "--input", "-", "--input", "-"],
    ["run", "./x", "--chain-id", "0"],
    ["run", "./x", "--exchange", "0x12"],
    ["wallet", "fund", "ten"],
    ["wallet", "fund"],
    ["wallet", "create", "../outside"],
    ["bid", "cancel", "0x12"],
    ["rent", "--duration", "1y"],
    ["node", "start", "--rate", "speed=1"],
    ["node", "start", "--port", "70000"],
    ["job", "list", "--limit", "1000"],
  ];
  for (const argv of cases) {
    test(argv.join(" "), async () => {
      const { code, out, err } = await mimik(argv, env);
      assert.equal(code, 2, err);
      assert.equal(out, "");
      assert.match(err, /^Error: .+\n(?:.*\n)*Next: .+\n$/);
      const json = await mimik([...argv, "--json"], env);
      assert.equal(json.code, 2);
      assert.equal(json.err, "");
      const { error } = JSON.parse(json.out) as { error: { code: string; category: string; exitCode: number } };
      assert.equal(error.category, "invalid");
      assert.equal(error.exitCode, 2);
    });
  }
});

describe("each category of error has its exit code, sentence and next step", () => {
  for (const [category, { exitCode }] of Object.entries(ERROR_CATEGORIES)) {
    test(category, () => {
      const error = new ProtocolError(category as ErrorCategory, "some-code", "It did not work.", { hint: "Do that." });
      let text = "";
      const collect = (part: string) => {
        text += part;
      };
      const io = { out: collect, err: collect, interactive: false, env: {}, readInput: () => new Uint8Array() };
      assert.equal(printError(io, false, error), exitCode);
      assert.ok(text.startsWith("Error: It did not work.\nNext: Do that.\n"));
      text = "";
      assert.equal(printError(io, true, error), exitCode);
      assert.deepEqual(Object.keys(JSON.parse(text)), ["error"]);
    });
  }
  test("a bug shows its stack and exits with 1", () => {
    let err = "";
    const io = {
      out: () => {},
      err: (part: string) => {
        err += part;
      },
      interactive: false,
      env: {},
      readInput: () => new Uint8Array(),
    };
    assert.equal(printError(io, false, new TypeError("x is not a function")), 1);
    assert.match(err, /This is a bug\./);
    assert.match(err, /TypeError: x is not a function\n\s+at /);
  });
});

test("what is missing is named with the next step and exit code 3", async () => {
  for (const argv of [
    ["run", "./nowhere"],
    ["job", "show", "0xabcdef"],
    ["lease", "list"],
    ["wallet", "show"],
    ["offer", "list"],
    ["earnings", "--owner", `0x${"11".repeat(20)}`],
    ["node", "register"],
  ]) {
    const { code, err } = await mimik(argv, env);
    assert.equal(code, 3, `${argv.join(" ")}: ${err}`);
    assert.match(err, /Next: /);
  }
});

test("an endpoint that is not there is a network error, exit code 8", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const { code, out } = await mimik(["wallet", "show", "--json"], {
    ...env,
    MIMIK_RPC_URL: `http://127.0.0.1:${port}`,
    MIMIK_EXCHANGE: `0x${"11".repeat(20)}`,
  });
  // The wallet is looked for first, and there is none.
  assert.equal(code, 3, out);
  const offers = await mimik(["offer", "list", "--json"], { ...env, MIMIK_MARKETPLACE: `http://127.0.0.1:${port}` });
  assert.equal(offers.code, 8, offers.out);
});

test("a wallet is made, listed and kept private; a second of its name, a short or a missing password are refused", async () => {
  const secret = { ...env, MIMIK_PASSWORD: "correct horse battery" };
  const made = await mimik(["wallet", "create", "alice", "--json"], secret);
  assert.equal(made.code, 0, made.out);
  const { address } = JSON.parse(made.out) as { address: string };
  assert.match(address, /^0x[0-9a-f]{40}$/);
  const listed = JSON.parse((await mimik(["wallet", "list", "--json"], env)).out) as {
    wallets: { address: string }[];
    chosen: string;
  };
  assert.deepEqual(
    listed.wallets.map((wallet) => wallet.address),
    [address],
  );
  assert.equal(listed.chosen, "alice");
  assert.equal((await mimik(["wallet", "create", "alice"], secret)).code, 6);
  assert.equal((await mimik(["wallet", "create", "bob"], { ...env, MIMIK_PASSWORD: "short" })).code, 2);
  assert.equal((await mimik(["wallet", "create", "bob"], env)).code, 4);
  await writeFile(join(home, "password"), "from a file\n");
  assert.equal((await mimik(["wallet", "create", "carol", "--password-file", join(home, "password")], env)).code, 0);
});

test("doctor says what is missing and what to do, and exits with 3", async () => {
  const { code, out } = await mimik(["doctor", "--json"], env);
  assert.equal(code, 3);
  const { fit, findings } = JSON.parse(out) as {
    fit: boolean;
    findings: { what: string; level: string; next?: string }[];
  };
  assert.equal(fit, false);
  assert.equal(findings.find(({ what }) => what === "Node.js")?.level, "ok");
  const chain = findings.find(({ what }) => what === "chain");
  assert.equal(chain?.level, "fail");
  assert.match(chain?.next ?? "", /mimik up/);
});
