// A whole market on one machine: a chain, the contracts, a marketplace and nodes of different owners, each a real
// program of its own. It owns them all and ends them all.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Address } from "viem";
import { type Chain, connectChain } from "#chain/connect.ts";
import { deployExchange } from "#chain/deploy.ts";
import type { Deployment } from "#chain/deployments.ts";
import { nodeConfig } from "#node/config/node-config.ts";
import { openNodeKey } from "#node/keys/open-node-key.ts";
import { type ChildProgram, startChildProgram } from "./child-program.ts";
import { freePort } from "./free-port.ts";
import { type LocalAccounts, localAccounts, type NamedAccount } from "./local-accounts.ts";
import { type LocalPrograms, localPrograms, type ProgramStart } from "./local-programs.ts";
import { fundLocalConsumer, registerLocalNode } from "./prepare-exchange.ts";

export interface LocalMarketOptions {
  /** Everything that the programs write; emptied first, since the chain starts anew. */
  readonly directory: string;
  /** Wanted ports; a taken one moves up, 0 takes any. */
  readonly ports: { readonly chain: number; readonly marketplace: number; readonly nodes: number };
  readonly nodes: number;
  readonly graceSeconds: number;
  readonly signal: AbortSignal;
  readonly onStep: (step: LocalMarketStep) => void;
  /** How programs are started; as a person would unless told. */
  readonly programs?: LocalPrograms;
}

export type LocalMarketStep =
  | { readonly step: "port-taken"; readonly what: string; readonly wanted: number; readonly port: number }
  | { readonly step: "chain"; readonly url: string }
  | { readonly step: "contracts"; readonly exchange: Address }
  | { readonly step: "marketplace"; readonly url: string }
  | { readonly step: "node"; readonly node: LocalNode };

export interface LocalNode {
  readonly name: string;
  readonly node: Address;
  readonly owner: NamedAccount;
  readonly home: string;
  readonly program: ChildProgram;
}

export interface LocalMarket extends AsyncDisposable {
  readonly chain: Chain;
  readonly deployment: Deployment;
  readonly marketplace: ChildProgram;
  readonly nodes: readonly LocalNode[];
  readonly accounts: LocalAccounts;
  /** Starts the marketplace again on its port and state, after it has ended. */
  restartMarketplace(): Promise<ChildProgram>;
  restartNode(node: LocalNode): Promise<ChildProgram>;
  /** Resolves with a sentence when a program ends by itself. */
  readonly failed: Promise<string>;
}

interface Ports {
  readonly chain: number;
  readonly marketplace: number;
  readonly nodes: readonly number[];
}

const HOST = "127.0.0.1";

/**
 * Starts everything, in parallel where nothing waits for another.
 * @throws `port-taken`, `program-failed`, `program-slow`
 */
export async function startLocalMarket(options: LocalMarketOptions): Promise<LocalMarket> {
  const { directory, onStep } = options;
  await rm(directory, { recursive: true, force: true });
  await mkdir(join(directory, "logs"), { recursive: true, mode: 0o700 });
  await using stack = new AsyncDisposableStack();
  const programs = stack.use(new MarketPrograms(options, await choosePorts(options)));
  const accounts = localAccounts(options.nodes);
  const rpcUrl = await programs.startChain();
  onStep({ step: "chain", url: rpcUrl });
  const deployment = await deployExchange({
    rpcUrl,
    account: accounts.deployer,
    graceSeconds: options.graceSeconds,
    artifacts: join(programs.root, "artifacts"),
  });
  const chain = await connectChain({ rpcUrl, ...deployment }, { signal: options.signal });
  onStep({ step: "contracts", exchange: deployment.exchange });

  const lanes = join(directory, "lanes");
  const opened = await Promise.allSettled([
    programs.startMarketplace(chain),
    Promise.all(accounts.owners.map((owner, index) => openNode({ programs, chain, directory, owner, index, onStep }))),
    fundLocalConsumer(chain, accounts.consumer.account, lanes),
  ]);
  const [marketplace, nodes] = opened.map((result) => {
    // Only after all have settled, so that nothing starts while the rest is ended.
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }) as [ChildProgram, LocalNode[], undefined];
  onStep({ step: "marketplace", url: marketplace.url });
  const failed = programs.firstFailure();
  const owned = stack.move();
  return {
    chain,
    deployment,
    marketplace,
    nodes,
    accounts,
    restartMarketplace: () => programs.startMarketplace(chain),
    restartNode: ({ home, owner }) =>
      programs.startNode({ index: accounts.owners.indexOf(owner), home, owner: owner.account.address, chain }),
    failed,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface NodeOpening {
  readonly programs: MarketPrograms;
  readonly chain: Chain;
  readonly directory: string;
  readonly owner: NamedAccount;
  readonly index: number;
  readonly onStep: LocalMarketOptions["onStep"];
}

async function openNode({ programs, chain, directory, owner, index, onStep }: NodeOpening): Promise<LocalNode> {
  const name = `node-${index + 1}`;
  const home = join(directory, name);
  const { rpcUrl, chainId, exchange } = chain.settings;
  const { account: nodeKey } = await openNodeKey(
    nodeConfig({ home, owner: owner.account.address, chain: { rpcUrl, chainId, exchange } }),
  );
  await registerLocalNode({ chain, owner: owner.account, nodeKey, lanes: join(directory, "lanes") });
  const program = await programs.startNode({ index, home, owner: owner.account.address, chain });
  const node = { name, node: nodeKey.address.toLowerCase() as Address, owner, home, program };
  onStep({ step: "node", node });
  return node;
}

/** The child programs: where each listens, and who is running. */
class MarketPrograms implements AsyncDisposable {
  readonly root: string;
  readonly #options: LocalMarketOptions;
  readonly #ports: Ports;
  readonly #programs: LocalPrograms;
  readonly #running = new Set<ChildProgram>();

  constructor(options: LocalMarketOptions, ports: Ports) {
    this.#options = options;
    this.#ports = ports;
    this.#programs = options.programs ?? localPrograms();
    this.root = this.#programs.root;
  }

  async startChain(): Promise<string> {
    return (await this.#start("chain", this.#programs.chain(HOST, this.#ports.chain))).url;
  }

  startMarketplace(chain: Chain): Promise<ChildProgram> {
    const { directory } = this.#options;
    const port = this.#ports.marketplace;
    return this.#start("marketplace", this.#programs.marketplace({ host: HOST, port, directory, chain }));
  }

  startNode(node: { index: number; home: string; owner: Address; chain: Chain }): Promise<ChildProgram> {
    const port = this.#ports.nodes[node.index] ?? 0;
    const marketplaceUrl = `http://${HOST}:${this.#ports.marketplace}`;
    return this.#start(`node-${node.index + 1}`, this.#programs.node({ ...node, host: HOST, port, marketplaceUrl }));
  }

  firstFailure(): Promise<string> {
    return Promise.race([...this.#running].map(({ failed }) => failed));
  }

  /** All at once: one program's slow end must not add to another's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((program) => program[Symbol.asyncDispose]()));
  }

  async #start(name: string, program: ProgramStart): Promise<ChildProgram> {
    const { directory, signal } = this.#options;
    const logPath = join(directory, "logs", `${name}.log`);
    const child = await startChildProgram({ name, cwd: this.root, logPath, signal, ...program });
    this.#running.add(child);
    return child;
  }
}

async function choosePorts({ ports, nodes, onStep }: LocalMarketOptions): Promise<Ports> {
  const reserved = new Set<number>();
  const choose = async (what: string, wanted: number) => {
    const { port, taken } = await freePort(HOST, wanted, reserved);
    reserved.add(port);
    if (taken !== undefined) onStep({ step: "port-taken", what, wanted: taken, port });
    return port;
  };
  const chain = await choose("chain", ports.chain);
  const marketplace = await choose("marketplace", ports.marketplace);
  const nodePorts: number[] = [];
  for (let index = 0; index < nodes; index++) {
    nodePorts.push(await choose(`node-${index + 1}`, ports.nodes === 0 ? 0 : ports.nodes + index));
  }
  return { chain, marketplace, nodes: nodePorts };
}
