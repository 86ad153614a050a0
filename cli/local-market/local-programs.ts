// How the programs of a local market are started: the command line's own commands, told everything by files and the
// environment, so that no setting of the person who starts them leaks in.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "smol-toml";
import type { Address } from "viem";
import type { Chain } from "#chain/connect.ts";
import { projectRoot } from "../program/project-root.ts";

export interface ProgramStart {
  /** For Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface MarketplaceStart {
  readonly host: string;
  readonly port: number;
  readonly directory: string;
  readonly chain: Chain;
}

export interface NodeStart {
  readonly index: number;
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly owner: Address;
  readonly chain: Chain;
  readonly marketplaceUrl: string;
}

export interface LocalPrograms {
  /** Working directory of every program. */
  readonly root: string;
  chain(host: string, port: number): ProgramStart;
  marketplace(start: MarketplaceStart): ProgramStart;
  node(start: NodeStart): ProgramStart;
}

/** An index that lags behind a chain in memory would only make people wait. */
const POLL_MILLIS = "200";

export function localPrograms(): LocalPrograms {
  const root = projectRoot();
  const mimik = join(root, "bin", "mimik.js");
  return {
    root,
    // Hardhat lives in a checkout only, and there the source is at hand.
    chain: (host, port) => ({ args: [join(root, "cli/local-market/chain-main.ts"), host, String(port)] }),
    marketplace: (start) => ({ args: [mimik, "marketplace", "start"], env: marketplaceEnvironment(start) }),
    node: (start) => {
      writeNodeConfig(start);
      return { args: [mimik, "node", "start"], env: { MIMIK_HOME: start.home, MIMIK_NODE_HOME: start.home } };
    },
  };
}

function marketplaceEnvironment({ host, port, directory, chain }: MarketplaceStart): Record<string, string> {
  const { rpcUrl, chainId, exchange, deployedAt = 0 } = chain.settings;
  const home = join(directory, "marketplace");
  return {
    MIMIK_HOME: home,
    MIMIK_MARKETPLACE_HOME: home,
    MIMIK_MARKETPLACE_HOST: host,
    MIMIK_MARKETPLACE_PORT: String(port),
    MIMIK_RPC_URL: rpcUrl,
    MIMIK_CHAIN_ID: String(chainId),
    MIMIK_EXCHANGE: exchange,
    MIMIK_EXCHANGE_BLOCK: String(deployedAt),
    MIMIK_POLL_MILLIS: POLL_MILLIS,
    MIMIK_CONFIRMATIONS: "0",
  };
}

/** An owner's own file: what a person would write, with rates a little different from node to node. */
function writeNodeConfig({ index, home, host, port, owner, chain, marketplaceUrl }: NodeStart): void {
  const { rpcUrl, chainId, exchange } = chain.settings;
  const config = {
    owner,
    marketplaces: [marketplaceUrl],
    slots: 1,
    listen: { host, port },
    chain: { rpcUrl, chainId, exchange },
    // The coins of this chain are worth nothing, so no clearing is too dear.
    clearing: { coinPrice: "0" },
    rates: { job: "0.0001", fuel: `0.000${5 + index}`, memory: "0.0001", bytes: "0.0001", events: "0.0001" },
  };
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "node.toml"), stringify(config), { mode: 0o600 });
}
