// An in-process chain that tells the gas and the calldata of each transaction. Nothing here knows what is measured. Its
// clock is its own, a second for each block, so that every hash on it, and with it every draw, is the same in each run.
import { network } from "hardhat";
import {
  type Address,
  createPublicClient,
  custom,
  encodeFunctionData,
  getContractAddress,
  type Hex,
  keccak256,
  type LocalAccount,
  type Log,
  numberToHex,
  type PublicClient,
  parseAbi,
  stringToHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** What no transaction may exceed since EIP-7825. */
const GAS_LIMIT = 16_777_216n;
const MAX_FEE_PER_GAS = 10_000_000_000n;
const STARTS_AT = "2030-01-01T00:00:00Z";

export interface Sent {
  readonly gas: number;
  /** Calldata, bytes. */
  readonly bytes: number;
  readonly logs: readonly Log[];
  readonly contract: Address | null | undefined;
}

export interface GasChain {
  readonly chainId: number;
  readonly client: PublicClient;
  /** Deploys, and pays for what nobody measures. */
  readonly owner: LocalAccount;
  readonly now: () => Promise<number>;
  readonly setTime: (seconds: number) => Promise<void>;
  /** Makes blocks without transactions. */
  readonly mine: (blocks: number) => Promise<void>;
  readonly deploy: (code: Hex) => Promise<Address>;
  /** Where the contract comes to stand that is deployed after `index` others from now on. */
  readonly nextDeployment: (index: number) => Address;
  /** Fails when the transaction reverts. */
  readonly send: (from: LocalAccount, to: Address, data: Hex) => Promise<Sent>;
  /** Accounts with native money, the same for the same `label`. */
  readonly newAccounts: (count: number, label: string) => Promise<LocalAccount[]>;
  /** Mints test tokens to `account`, which then allows `spender` to take them. */
  readonly fundTokens: (account: LocalAccount, token: Address, spender: Address, amount: bigint) => Promise<void>;
  readonly close: () => Promise<void>;
}

const tokenAbi = parseAbi(["function mint(address, uint256)", "function approve(address, uint256) returns (bool)"]);

/** The key of the `index`th account with `label`. */
export function keyOf(label: string, index: number): Hex {
  return keccak256(stringToHex(`${label} ${index}`));
}

export async function createGasChain(): Promise<GasChain> {
  const connection = await network.create({ network: "default", override: { initialDate: STARTS_AT } });
  const client = createPublicClient({ transport: custom(connection.provider), cacheTime: 0 });
  const chainId = await client.getChainId();
  const nonces = new Map<Address, number>();

  async function newAccounts(count: number, label: string): Promise<LocalAccount[]> {
    const accounts = Array.from({ length: count }, (_, i) => privateKeyToAccount(keyOf(label, i)));
    for (const { address } of accounts) {
      await connection.provider.request({ method: "hardhat_setBalance", params: [address, "0x56bc75e2d63100000"] });
    }
    return accounts;
  }

  async function transact(from: LocalAccount, to: Address | null, data: Hex): Promise<Sent> {
    const nonce = nonces.get(from.address) ?? 0;
    const fees = { maxFeePerGas: MAX_FEE_PER_GAS, maxPriorityFeePerGas: 0n };
    await setNextTime((await now()) + 1);
    const signed = await from.signTransaction({ chainId, nonce, to, data, gas: GAS_LIMIT, ...fees });
    const hash = await client.sendRawTransaction({ serializedTransaction: signed });
    nonces.set(from.address, nonce + 1);
    const { status, gasUsed, logs, contractAddress } = await client.getTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`A transaction of the benchmark reverted: ${hash}.`);
    return { gas: Number(gasUsed), bytes: (data.length - 2) / 2, logs, contract: contractAddress };
  }

  async function now(): Promise<number> {
    return Number((await client.getBlock()).timestamp);
  }

  async function setNextTime(seconds: number): Promise<void> {
    await connection.provider.request({ method: "evm_setNextBlockTimestamp", params: [seconds] });
  }

  const [owner] = await newAccounts(1, "owner");
  if (owner === undefined) throw new Error("No account to deploy with.");
  return {
    chainId,
    client,
    owner,
    newAccounts,
    send: transact,
    now,
    setTime: async (seconds) => {
      await setNextTime(seconds);
      await connection.provider.request({ method: "evm_mine", params: [] });
    },
    mine: async (blocks) => {
      await setNextTime((await now()) + 1);
      await connection.provider.request({ method: "hardhat_mine", params: [numberToHex(blocks)] });
    },
    deploy: async (code) => {
      const { contract } = await transact(owner, null, code);
      if (!contract) throw new Error("A deployment of the benchmark made no contract.");
      return contract;
    },
    nextDeployment: (index) =>
      getContractAddress({ from: owner.address, nonce: BigInt((nonces.get(owner.address) ?? 0) + index) }),
    fundTokens: async (account, token, spender, amount) => {
      const mint = { abi: tokenAbi, functionName: "mint", args: [account.address, amount] } as const;
      const approve = { abi: tokenAbi, functionName: "approve", args: [spender, amount] } as const;
      await transact(owner, token, encodeFunctionData(mint));
      await transact(account, token, encodeFunctionData(approve));
    },
    close: () => connection.close(),
  };
}
