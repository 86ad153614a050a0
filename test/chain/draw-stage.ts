// Draws on a local chain over stakes that are set by hand: for tests of what is drawn, not of what is staked.
import { readFile } from "node:fs/promises";
import {
  type Abi,
  type Address,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  type LocalAccount,
  numberToHex,
  parseAbi,
} from "viem";
import { ARTIFACTS, type LocalChain } from "./local-chain.ts";

export interface DrawStage {
  readonly draws: Address;
  /** Gives a node tickets, as its stake would. */
  setTickets(node: Address, owner: Address, tickets: number): Promise<void>;
  /** Makes blocks without transactions. */
  mine(blocks: number): Promise<void>;
}

const stakingAbi = parseAbi(["function setTickets(address node, address owner, uint256 tickets)"]);

/** @param delay blocks from a request to its beacon */
export async function openDrawStage(local: LocalChain, delay: number): Promise<DrawStage> {
  const deployer = local.accounts.at(-1) as LocalAccount;
  const staking = await deploy(local, deployer, "test/contracts/FakeStaking.sol/FakeStaking.json", []);
  const draws = await deploy(local, deployer, "contracts/Draws.sol/Draws.json", [staking, BigInt(delay)]);
  return {
    draws,
    setTickets: async (node, owner, tickets) => {
      const args = [node, owner, BigInt(tickets)] as const;
      const data = encodeFunctionData({ abi: stakingAbi, functionName: "setTickets", args });
      await local.send(deployer, { to: staking, data, name: "setTickets" });
    },
    mine: async (blocks) => {
      await local.rpc("hardhat_mine", [numberToHex(blocks)]);
    },
  };
}

async function deploy(
  local: LocalChain,
  account: LocalAccount,
  artifact: string,
  args: readonly unknown[],
): Promise<Address> {
  const text = await readFile(`${ARTIFACTS}/${artifact}`, "utf8");
  const { abi, bytecode } = JSON.parse(text) as { abi: Abi; bytecode: Hex };
  const transport = http(local.rpcUrl);
  const hash = await createWalletClient({ account, transport }).deployContract({ abi, bytecode, args, chain: null });
  const { contractAddress } = await createPublicClient({ transport }).waitForTransactionReceipt({ hash });
  if (!contractAddress) throw new Error(`${artifact} was not deployed.`);
  return contractAddress.toLowerCase() as Address;
}
