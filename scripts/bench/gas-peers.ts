// Puts the exchange with its peers on the benchmark's chain, and stakes for its nodes as their owners do.
import { artifacts } from "hardhat";
import { type Abi, type Address, encodeDeployData, encodeFunctionData, type Hex, type LocalAccount } from "viem";
import { stakingAbi } from "#chain/abi/staking-abi.ts";
import { DEVELOPMENT_DRAW_DELAY } from "#chain/deploy.ts";
import { deploymentPlan, type PlannedContract } from "#chain/deployment-plan.ts";
import type { GasChain } from "./gas-chain.ts";

export interface Peers {
  readonly exchange: Address;
  readonly staking: Address;
  readonly draws: Address;
  readonly court: Address;
}

/** As on a development chain. */
export const DRAW_DELAY = DEVELOPMENT_DRAW_DELAY;
const FEE_BPS = 100;

export async function deployPeers(chain: GasChain, token: Address, graceSeconds: number): Promise<Peers> {
  const first = [0, 1, 2, 3, 4].map((index) => chain.nextDeployment(index));
  const terms = { token, graceSeconds, feeBps: FEE_BPS, drawDelay: DRAW_DELAY };
  const places = new Map<string, Address>();
  for (const { name, args, address } of deploymentPlan(terms, (index) => first[index] as Address)) {
    await deploy(chain, name, args);
    places.set(name, address);
  }
  const at = (name: PlannedContract["name"]) => places.get(name) as Address;
  return { exchange: at("Exchange"), staking: at("Staking"), draws: at("Draws"), court: at("Court") };
}

async function deploy(chain: GasChain, name: string, args: readonly unknown[]): Promise<void> {
  const { abi, bytecode } = await artifacts.readArtifact(name);
  await chain.deploy(encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args }));
}

/** `owner` stakes `amount` of new tokens for its `node`. */
export async function stakeFor(
  chain: GasChain,
  token: Address,
  staking: Address,
  stake: { readonly owner: LocalAccount; readonly node: Address; readonly amount: bigint },
): Promise<void> {
  const { owner, node, amount } = stake;
  await chain.fundTokens(owner, token, staking, amount);
  const data = encodeFunctionData({ abi: stakingAbi, functionName: "depositStake", args: [node, amount] });
  await chain.send(owner, staking, data);
}
