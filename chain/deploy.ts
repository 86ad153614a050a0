// Decides how an exchange comes onto a chain: the compiled contracts, in order, with nobody in charge afterwards.
// It never compiles, and it puts the worthless payment token on development chains only.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Abi,
  type Address,
  createWalletClient,
  getContractAddress,
  type Hex,
  http,
  type LocalAccount,
} from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { asChainCall } from "./chain-error.ts";
import { createChainClient } from "./connect.ts";
import { deploymentPlan } from "./deployment-plan.ts";
import type { Deployment } from "./deployments.ts";
import { lowerAddresses } from "./lower-addresses.ts";

export interface DeployOptions {
  readonly rpcUrl: string;
  /** Pays the gas; has no rights afterwards. It must send nothing else meanwhile. */
  readonly account: LocalAccount;
  readonly graceSeconds: number;
  /** What owners leave to the profit share of what they collect, in 1/10,000, 500 at most; 100 unless told. */
  readonly feeBps?: number;
  /** Folder of Hardhat's artifacts. */
  readonly artifacts: string;
  /** The payment token; without it a worthless one is deployed, on development chains only. */
  readonly token?: Address;
}

const POLL_MILLIS = 100;
const FEE_BPS = 100;
/** Blocks from a draw's request to its randomness: two epochs of Ethereum, and a few transactions of a development chain. */
const DRAW_DELAY = 64;
export const DEVELOPMENT_DRAW_DELAY = 4;

/** Hardhat's, Ganache's and Geth's development chains: there the faucet token cannot be mistaken for money. */
const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 1_337];

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/**
 * Deploys the exchange with its peers and, on a development chain, its token.
 * @throws `artifacts-missing`, `token-required`, `chain-unreachable`, `gas-unfunded`, `deployment-disturbed`, and the
 *   constructors' refusals
 */
export async function deployExchange(options: DeployOptions): Promise<Deployment> {
  const { rpcUrl, account, graceSeconds, feeBps = FEE_BPS } = options;
  const client = createChainClient(rpcUrl);
  const chainId = await asChainCall(rpcUrl, "its chain id", () => client.getChainId());
  const token = options.token ?? (await deployToken(options, chainId)).address;
  const nonce = await asChainCall(rpcUrl, "the account's nonce", () =>
    client.getTransactionCount({ address: account.address, blockTag: "pending" }),
  );
  const at = (index: number) =>
    lowerAddresses(getContractAddress({ from: account.address, nonce: BigInt(nonce + index) }));
  const drawDelay = DEVELOPMENT_CHAINS.includes(chainId) ? DEVELOPMENT_DRAW_DELAY : DRAW_DELAY;
  const blocks: number[] = [];
  for (const { name, args, address } of deploymentPlan({ token, graceSeconds, feeBps, drawDelay }, at)) {
    blocks.push((await deployContract(options, name, args, address)).block);
  }
  return lowerAddresses({ chainId, exchange: at(0), token, deployedAt: Math.min(...blocks) });

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

async function deployContract(
  options: DeployOptions,
  name: string,
  args: readonly unknown[],
  expected?: Address,
): Promise<Deployed> {
  const { rpcUrl, account, artifacts } = options;
  const { abi, bytecode } = await readArtifact(artifacts, name);
  const wallet = createWalletClient({ account, transport: http(rpcUrl), pollingInterval: POLL_MILLIS });
  const receipt = await asChainCall(rpcUrl, `the deployment of ${name}`, async () => {
    const hash = await wallet.deployContract({ abi, bytecode, args, account, chain: null });
    return createChainClient(rpcUrl).waitForTransactionReceipt({
      hash,
      pollingInterval: POLL_MILLIS,
      timeout: 300_000,
    });
  });
  if (receipt.status === "success" && receipt.contractAddress) {
    const address = lowerAddresses(receipt.contractAddress);
    if (expected !== undefined && address !== expected) throw disturbed(name, account.address, address, expected);
    return { address, block: Number(receipt.blockNumber) };
  }
  throw new ProtocolError("rejected", "deployment-reverted", `The deployment of ${name} was reverted.`, {
    hint: "Check that the chain knows the instructions of the compiler's target, Osaka.",
    context: { name, transaction: receipt.transactionHash },
  });
}

function disturbed(name: string, account: Address, address: Address, expected: Address): ProtocolError {
  return new ProtocolError("rejected", "deployment-disturbed", `${name} came to another address than foreseen.`, {
    hint: "Deploy again from an account that sends nothing else meanwhile; nobody can have used this exchange.",
    context: { account, address, expected },
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
