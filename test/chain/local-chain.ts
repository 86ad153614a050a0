// A real chain in this process with the exchange deployed, for the tests of every folder: start it with `await using`.
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  type Address,
  createPublicClient,
  createWalletClient,
  type Hex,
  hexToNumber,
  http,
  type LocalAccount,
  numberToHex,
} from "viem";
import {
  approveCall,
  approveDrawsCall,
  approveStakeCall,
  type ContractCall,
  depositCall,
  depositStakeCall,
  mintCall,
} from "#chain/calls.ts";
import { type ChainSettings, connectChain, type PeerContracts } from "#chain/connect.ts";
import { deployExchange } from "#chain/deploy.ts";
import { DRAW_PRICE } from "#chain/deployment-plan.ts";
import type { Deployment } from "#chain/deployments.ts";
import { requestDrawCall } from "#chain/draw-calls.ts";
import { createChainServer } from "#cli/local-market/chain-server.ts";
import { runHardhat } from "#scripts/run-hardhat.ts";
import { developmentAccounts } from "./development-accounts.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const ARTIFACTS = `${ROOT}artifacts`;

export interface LocalChain extends AsyncDisposable, Deployment {
  readonly rpcUrl: string;
  /** What `connectChain` takes. */
  readonly settings: ChainSettings;
  readonly contracts: PeerContracts;
  /** Hardhat's development accounts, each with 10,000 of the chain's currency; the last one deployed the contracts. */
  readonly accounts: readonly LocalAccount[];
  /** Any JSON-RPC method, such as `evm_snapshot`. */
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>;
  /** Moves the chain's clock and makes a block: afterwards the chain's time is ahead of the machine's. */
  advance(seconds: number): Promise<void>;
  /** Makes blocks without transactions. */
  mine(blocks: number): Promise<void>;
  /** Sends a call by `account` and waits for it, without a lane. */
  send(account: LocalAccount, call: ContractCall): Promise<Hex>;
  /** Mints `amount` for `account` and deposits it in the exchange. */
  fund(account: LocalAccount, amount: bigint): Promise<void>;
  /** Mints `amount` for the node's owner and stakes it, as shares of the vault. */
  stake(owner: LocalAccount, node: Address, amount: bigint): Promise<void>;
  /** Mints the price of a draw for `account` and asks for the draw. */
  requestDraw(account: LocalAccount, subject: Hex): Promise<void>;
}

/**
 * Starts a chain on a free port of 127.0.0.1: one block a transaction, the machine's clock, about 2 s.
 * `graceSeconds` is 5 unless told.
 */
export async function startLocalChain(options: { graceSeconds?: number } = {}): Promise<LocalChain> {
  await buildContracts();
  const server = await createChainServer("default", "127.0.0.1", 0);
  const { port } = await server.listen();
  const rpcUrl = `http://127.0.0.1:${port}`;
  const accounts = developmentAccounts();
  const deployer = accounts.at(-1) as LocalAccount;
  const deployment = await deployExchange({
    rpcUrl,
    account: deployer,
    graceSeconds: options.graceSeconds ?? 5,
    artifacts: ARTIFACTS,
  });
  const { chainId, exchange, token, deployedAt } = deployment;
  const settings = { rpcUrl, chainId, exchange, deployedAt };
  const { contracts } = await connectChain(settings);
  const hands = createHands(settings, token, contracts);
  await catchUp(hands);
  return { ...deployment, rpcUrl, settings, contracts, accounts, ...hands, [Symbol.asyncDispose]: stop };

  async function stop(): Promise<void> {
    await server.close();
  }
}

/** A chain's time begins when its configuration is made: all that loading took since, it would stay behind. */
async function catchUp({ rpc }: Pick<LocalChain, "rpc">): Promise<void> {
  await rpc("evm_mine");
  const { timestamp } = (await rpc("eth_getBlockByNumber", ["latest", false])) as { timestamp: Hex };
  const behind = Math.floor(Date.now() / 1_000) - hexToNumber(timestamp);
  if (behind > 0) await rpc("evm_increaseTime", [behind]);
}

function createHands(
  settings: ChainSettings,
  token: Address,
  contracts: PeerContracts,
): Pick<LocalChain, "rpc" | "advance" | "mine" | "send" | "fund" | "stake" | "requestDraw"> {
  const transport = http(settings.rpcUrl);
  const client = createPublicClient({ transport, cacheTime: 0, pollingInterval: 20 });
  const rpc = (method: string, params: readonly unknown[] = []) =>
    client.request({ method, params } as unknown as Parameters<typeof client.request>[0]) as Promise<unknown>;
  const send = async (account: LocalAccount, { to, data }: ContractCall) => {
    const wallet = createWalletClient({ account, transport });
    const hash = await wallet.sendTransaction({ to, data, chain: null });
    await client.waitForTransactionReceipt({ hash });
    return hash;
  };
  return {
    rpc,
    send,
    async advance(seconds) {
      await rpc("evm_increaseTime", [seconds]);
      await rpc("evm_mine");
    },
    async mine(blocks) {
      await rpc("hardhat_mine", [numberToHex(blocks)]);
    },
    async fund(account, amount) {
      await send(account, mintCall({ token }, account.address, amount));
      await send(account, approveCall({ settings, token }, amount));
      await send(account, depositCall({ settings, token }, amount));
    },
    async stake(owner, node, amount) {
      await send(owner, mintCall({ token }, owner.address, amount));
      await send(owner, approveStakeCall({ settings, token, contracts }, amount));
      await send(owner, depositStakeCall({ contracts }, node, amount));
    },
    async requestDraw(account, subject) {
      await send(account, mintCall({ token }, account.address, DRAW_PRICE));
      await send(account, approveDrawsCall({ settings, token, contracts }));
      await send(account, requestDrawCall({ contracts }, subject));
    },
  };
}

/** Compiles the contracts when they are not; a change of them is the build's business. */
export async function buildContracts(): Promise<void> {
  try {
    await access(`${ARTIFACTS}/contracts/Exchange.sol/Exchange.json`);
  } catch {
    const { ok, output } = await runHardhat(["build"]);
    if (!ok) throw new Error(output);
  }
}
