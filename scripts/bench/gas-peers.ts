// Puts the exchange with its peers on the benchmark's chain, and stakes for its nodes as their owners do.
import { artifacts } from "hardhat";
import { type Abi, type Address, encodeDeployData, encodeFunctionData, type Hex, type LocalAccount } from "viem";
import { stakingAbi } from "#chain/abi/staking-abi.ts";
import type { GasChain } from "./gas-chain.ts";

export interface Peers {
  readonly exchange: Address;
  readonly staking: Address;
  readonly draws: Address;
  readonly court: Address;
}

export const JURY_SEATS = 31;
/** Vault shares: of one token. */
export const JURY_PAY = 1_000_000_000_000n;
/** Blocks from a draw's request to its randomness. */
export const DRAW_DELAY = 4;

/** The vault shares of a hundred tokens. */
const TICKET = 100_000_000_000_000n;
const FEE_BPS = 100;

/** Each contract is told where the others will stand. */
export async function deployPeers(chain: GasChain, token: Address, graceSeconds: number): Promise<Peers> {
  const [exchange, vault, staking, draws, court] = [0, 1, 2, 3, 4].map((index) => chain.nextDeployment(index)) as [
    Address,
    Address,
    Address,
    Address,
    Address,
  ];
  await deploy(chain, "Exchange", [token, graceSeconds, FEE_BPS, vault, staking]);
  await deploy(chain, "Vault", [token, exchange]);
  await deploy(chain, "Staking", [vault, exchange, court, TICKET]);
  await deploy(chain, "Draws", [staking, DRAW_DELAY]);
  await deploy(chain, "Court", [exchange, staking, draws, vault, JURY_SEATS, JURY_PAY]);
  return { exchange, staking, draws, court };
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
