import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFile } from "#client/store/file-lock.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Answer, Handler } from "../../command/command.ts";
import type { CommandContext } from "../../command/command-context.ts";
import { fields } from "../../command/table.ts";
import { runFirstJob } from "../../local-market/first-job.ts";
import { walletName, writeLocalWallets } from "../../local-market/local-accounts.ts";
import { type LocalMarket, startLocalMarket } from "../../local-market/local-market.ts";
import { type Teller, tellerOf } from "../../local-market/teller.ts";
import { untilStopped } from "../../program/lifetime.ts";
import {
  type LocalContext,
  readLocalContext,
  removeLocalContext,
  writeLocalContext,
} from "../../settings/local-context.ts";
import { homeOf } from "../../settings/settings.ts";
import type { UpOptions } from "./up-options.ts";

/** In which an interrupted consumer can still settle; a real exchange would allow a day. */
const GRACE_SECONDS = 600;

export const upHandler: Handler<UpOptions> = (options, context) =>
  options.once ? upOnce(options, context) : upUntilStopped(options, context);

/** Everything on free ports in a folder of its own, which is gone afterwards. */
async function upOnce(options: UpOptions, context: CommandContext): Promise<Answer> {
  const home = await mkdtemp(join(tmpdir(), "mimik-once-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(home, { recursive: true, force: true }));
  const teller = tellerOf(context);
  const market = stack.use(await start(options, context, home, teller));
  const job = await runFirstJob({ market, home, signal: context.signal, onProgress: teller.progress });
  teller.job(job);
  return { json: job.report, text: "" };
}

/** The local market of this home until Ctrl-C. A second start says that there is one. */
async function upUntilStopped(options: UpOptions, context: CommandContext): Promise<Answer> {
  const home = homeOf(context.settingFlags, context.io.env);
  await using stack = new AsyncDisposableStack();
  const running = await lockMarket(stack, home);
  if (running) return alreadyRunning(running);

  const teller = tellerOf(context);
  const market = stack.use(await start(options, context, home, teller));
  stack.defer(() => removeLocalContext(home));
  await openToCommands(home, market);
  const job = await runFirstJob({ market, home, signal: context.signal, onProgress: teller.progress });
  teller.job(job);
  if (context.json) context.io.out(`${JSON.stringify(job.report)}\n`);
  teller.stays(market);
  const ended = await Promise.race([untilStopped(context.signal).then(() => undefined), market.failed]);
  if (ended !== undefined) throw programEnded(ended);
  teller.ending();
  return { json: { stopped: true }, text: "" };
}

async function start(options: UpOptions, context: CommandContext, home: string, teller: Teller): Promise<LocalMarket> {
  teller.starting();
  return startLocalMarket({
    directory: join(home, "local"),
    ports: options.ports,
    nodes: options.nodes,
    graceSeconds: GRACE_SECONDS,
    signal: context.signal,
    onStep: teller.step,
  });
}

/** Takes the home's lock; gives the market that has it already. */
async function lockMarket(stack: AsyncDisposableStack, home: string): Promise<LocalContext | true | undefined> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  try {
    stack.use(await lockFile(join(home, "local.lock")));
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError && error.code === "job-in-progress")) throw error;
    return (await readLocalContext(home)) ?? true;
  }
}

/** Commands in other terminals find the market and its wallets. */
async function openToCommands(home: string, market: LocalMarket): Promise<void> {
  const { consumer, owners } = market.accounts;
  const passwordFile = await writeLocalWallets(home, [consumer, ...owners]);
  await writeLocalContext(home, {
    version: 1,
    pid: process.pid,
    ...market.deployment,
    rpcUrl: market.chain.settings.rpcUrl,
    marketplace: market.marketplace.url,
    nodes: market.nodes.map(({ name, node, owner, program }) => ({
      name,
      node,
      owner: owner.account.address,
      endpoint: program.url,
    })),
    wallets: [consumer, ...owners].map(({ name, account }) => ({ name: walletName(name), address: account.address })),
    wallet: walletName(consumer.name),
    passwordFile,
  } as LocalContext);
}

function alreadyRunning(running: LocalContext | true): Answer {
  if (running === true) {
    return { json: { running: true }, text: "A local market is starting already in another terminal." };
  }
  const { pid, rpcUrl, marketplace } = running;
  const rows = fields([
    ["dashboard", marketplace],
    ["chain", rpcUrl],
    ["process", String(pid)],
  ]);
  return {
    json: { running: true, pid, rpcUrl, marketplace },
    text: `A local market is running already.\n${rows}\nStop it with Ctrl-C in its terminal.`,
  };
}

function programEnded(how: string): ProtocolError {
  return new ProtocolError("internal", "program-ended", `${how} The local market has ended.`, {
    hint: "Read the log, then start again with mimik up.",
  });
}
