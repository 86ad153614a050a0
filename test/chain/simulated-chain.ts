// A chain of blocks with deposits that can lose its newest blocks at any moment, for testing the follower's logic alone.
import { BlockNotFoundError, encodeAbiParameters, encodeEventTopics, type Hex, numberToHex, zeroAddress } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import type { Chain } from "#chain/connect.ts";

interface SimulatedBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly timestamp: bigint;
  /** One deposit for each amount. */
  readonly amounts: readonly bigint[];
}

export class SimulatedChain {
  #blocks: SimulatedBlock[] = [];
  #made = 0;
  /** Runs before each answer: here the chain changes under the reader. */
  onRead: () => void = () => undefined;
  /** Widest range of blocks whose logs it gives at once. */
  logBlocksMax = Number.POSITIVE_INFINITY;

  constructor() {
    this.mine(0);
  }

  get height(): number {
    return this.#blocks.length - 1;
  }

  /** Every deposit on the chain now, in order. */
  amounts(): bigint[] {
    return this.#blocks.flatMap((block) => block.amounts);
  }

  /** Adds a block with so many deposits, all of amounts never seen before. */
  mine(deposits: number): void {
    const amounts = Array.from({ length: deposits }, () => BigInt(++this.#made));
    this.#made += 1;
    const hash = numberToHex(this.#made, { size: 32 });
    const number = BigInt(this.#blocks.length);
    this.#blocks.push({ number, hash, timestamp: 1_000n + number, amounts });
  }

  /** Loses the newest blocks, never the first. */
  lose(blocks: number): void {
    this.#blocks = this.#blocks.slice(0, Math.max(1, this.#blocks.length - blocks));
  }

  /** What the follower needs of a connected chain. */
  connect(): Chain {
    const client = {
      getBlock: async (at: { blockNumber?: bigint; blockHash?: Hex }) => {
        this.onRead();
        const found = this.#find(at);
        if (!found) throw new BlockNotFoundError(at);
        return found;
      },
      getLogs: async (range: { fromBlock: bigint; toBlock: bigint }) => {
        this.onRead();
        return this.#blocks
          .filter(({ number }) => number >= range.fromBlock && number <= range.toBlock)
          .flatMap(logsOf);
      },
    };
    const contracts = { vault: zeroAddress, staking: zeroAddress, draws: zeroAddress, court: zeroAddress };
    const settings = { rpcUrl: "http://127.0.0.1", chainId: 1, exchange: zeroAddress };
    return { settings, client, contracts } as unknown as Chain;
  }

  #find({ blockNumber, blockHash }: { blockNumber?: bigint; blockHash?: Hex }): SimulatedBlock | undefined {
    if (blockHash !== undefined) return this.#blocks.find(({ hash }) => hash === blockHash);
    return blockNumber === undefined ? this.#blocks.at(-1) : this.#blocks[Number(blockNumber)];
  }
}

function logsOf({ number, hash, amounts }: SimulatedBlock) {
  return amounts.map((amount, logIndex) => ({
    address: zeroAddress,
    blockNumber: number,
    blockHash: hash,
    transactionHash: hash,
    transactionIndex: logIndex,
    logIndex,
    removed: false,
    topics: encodeEventTopics({ abi: exchangeAbi, eventName: "Deposited", args: { account: zeroAddress } }),
    data: encodeAbiParameters([{ type: "uint256" }], [amount]),
  }));
}
