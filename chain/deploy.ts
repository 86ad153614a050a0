// Decides how an exchange comes onto a chain: the compiled contracts, in order, with nobody in charge afterwards.
// It never compiles, and it puts the worthless payment token on development chains only.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Abi, type Address, createWalletClient, type Hex, http, type LocalAccount } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { asChainCall } from "./chain-error.ts";
import { createChainClient } from "./connect.ts";
import type { Deployment } from "./deployments.ts";
import { lowerAddresses } from "./lower-addresses.ts";

export interface DeployOptions {
  readonly rpcUrl: string;
  /** Pays the gas; has no rights afterwards. */
  readonly account: LocalAccount;
  readonly graceSeconds: number;
  /** Folder of Hardhat's artifacts. */
  readonly artifacts: string;
  /** The payment token; without it a worthless one is deployed, on development chains only. */
  readonly token?: Address;
}

/** Hardhat's, Ganache's and Geth's development chains: there the faucet token cannot be mistaken for money. */
const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 1_337];

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/**
 * Deploys the exchange and, on a development chain, its token.
 * @throws `artifacts-missing`, `token-required`, `chain-unreachable`, `gas-unfunded`, and the constructor's refusals
 */
export async function deployExchange(options: DeployOptions): Promise<Deployment> {
  const { rpcUrl, account, graceSeconds } = options;
  const client = createChainClient(rpcUrl);
  const chainId = await asChainCall(rpcUrl, "its chain id", () => client.getChainId());
  const token = options.token ?? (await deployToken(options, chainId)).address;
  const exchange = await deployContract(options, "Exchange", [token, graceSeconds]);
  return lowerAddresses({ chainId, exchange: exchange.address, token, deployedAt: exchange.block });

  async function deployToken(given: DeployOptions, id: number): Promise<Deployed> {
    if (DEVELOPMENT_CHAINS.includes(id)) return deployContract(given, "PaymentToken", []);
    throw new ProtocolError("invalid", "token-required", `Chain ${id} is not a development chain.`, {
      hint: "Name the ERC-20 token in which the exchange is to pay.",
      context: { chainId: id, account: account.address },
    });
  }
}

interface Deployed {
  readonly address: Address;
  readonly block: number;
}

async function deployContract(options: DeployOptions, name: string, args: readonly unknown[]): Promise<Deployed> {
  const { rpcUrl, account, artifacts } = options;
  const { abi, bytecode } = await readArtifact(artifacts, name);
  const wallet = createWalletClient({ account, transport: http(rpcUrl), pollingInterval: 250 });
  const receipt = await asChainCall(rpcUrl, `the deployment of ${name}`, async () => {
    const hash = await wallet.deployContract({ abi, bytecode, args, account, chain: null });
    return createChainClient(rpcUrl).waitForTransactionReceipt({ hash, pollingInterval: 250, timeout: 300_000 });
  });
  if (receipt.status === "success" && receipt.contractAddress) {
    return { address: lowerAddresses(receipt.contractAddress), block: Number(receipt.blockNumber) };
  }
  throw new ProtocolError("rejected", "deployment-reverted", `The deployment of ${name} was reverted.`, {
    hint: "Check that the chain knows the instructions of the compiler's target, Osaka.",
    context: { name, transaction: receipt.transactionHash },
  });
}

async function readArtifact(artifacts: string, name: string): Promise<Artifact> {
  const path = join(artifacts, "contracts", `${name}.sol`, `${name}.json`);
  try {
    return JSON.parse(await readFile(path, "utf8")) as Artifact;
  } catch (cause) {
    throw new ProtocolError("not-found", "artifacts-missing", `There is no compiled ${name} at ${path}.`, {
      hint: "Compile the contracts first: npx hardhat build.",
      context: { path },
      cause,
    });
  }
}
