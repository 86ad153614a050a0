// Decides how the profit share is read: what it holds, what it will hold, and what an account has of it.
// It never writes, and it never caches: each answer is of the latest block.
import type { Address } from "viem";
import { type Amount, SHARE_DECIMALS, type Shares } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { vaultAbi } from "./abi/vault-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

/** Amounts in base units of the token. */
export interface VaultRecord {
  /** What all shares together are worth. */
  readonly assets: Amount;
  readonly shares: Shares;
  /** What one whole share is worth. */
  readonly price: Amount;
  /** Came in as profit and is not the holders' yet. */
  readonly dripping: Amount;
  /** Seconds over which a profit becomes the holders'. */
  readonly dripSeconds: number;
  /** Taken by the exchange and not harvested yet. */
  readonly feesWaiting: Amount;
  /** The exchange's part of what owners collect, in hundredths of a percent. */
  readonly feeBps: number;
}

/** What an account has of the profit share; `worth` in base units of the token, as redeeming would pay it. */
export interface Holding {
  readonly shares: Shares;
  readonly worth: Amount;
}

/** The profit share in the latest block. @throws `chain-unreachable` */
export async function readVault(chain: Chain): Promise<VaultRecord> {
  const { client, settings, contracts } = chain;
  const vault = { address: contracts.vault, abi: vaultAbi } as const;
  const reads = () =>
    Promise.all([
      client.readContract({ ...vault, functionName: "totalAssets" }),
      client.readContract({ ...vault, functionName: "totalSupply" }),
      client.readContract({ ...vault, functionName: "convertToAssets", args: [10n ** BigInt(SHARE_DECIMALS)] }),
      client.readContract({ ...vault, functionName: "dripping" }),
      client.readContract({ ...vault, functionName: "DRIP" }),
      client.readContract({
        address: settings.exchange,
        abi: exchangeAbi,
        functionName: "balanceOf",
        args: [contracts.vault],
      }),
    ]);
  const [[assets, shares, price, dripping, drip, feesWaiting], feeBps] = await Promise.all([
    asChainCall(settings.rpcUrl, "the profit share", reads),
    readFeeBps(chain),
  ]);
  return { assets, shares, price, dripping, dripSeconds: Number(drip), feesWaiting, feeBps };
}

/** The exchange's part of what owners collect, in hundredths of a percent. @throws `chain-unreachable` */
export async function readFeeBps({ client, settings }: Chain): Promise<number> {
  const target = { address: settings.exchange, abi: exchangeAbi } as const;
  return Number(
    await asChainCall(settings.rpcUrl, "the fee", () => client.readContract({ ...target, functionName: "FEE_BPS" })),
  );
}

/** What `account` holds outside any stake. @throws `chain-unreachable` */
export async function readHolding(chain: Chain, account: Address): Promise<Holding> {
  const { client, settings, contracts } = chain;
  const shares = await asChainCall(settings.rpcUrl, "the shares", () =>
    client.readContract({ address: contracts.vault, abi: vaultAbi, functionName: "balanceOf", args: [account] }),
  );
  return { shares, worth: await readWorth(chain, shares) };
}

/** What `shares` would be redeemed for, base units. @throws `chain-unreachable` */
export function readWorth({ client, settings, contracts }: Chain, shares: Shares): Promise<Amount> {
  return asChainCall(settings.rpcUrl, "the worth of shares", () =>
    client.readContract({ address: contracts.vault, abi: vaultAbi, functionName: "previewRedeem", args: [shares] }),
  );
}

/** What `harvest` would bring now: the fees, and tokens sent to the vault without a deposit. @throws `chain-unreachable` */
export async function readHarvest({ client, settings, contracts }: Chain): Promise<Amount> {
  const target = { address: contracts.vault, abi: vaultAbi } as const;
  const { result } = await asChainCall(settings.rpcUrl, "the harvest", () =>
    client.simulateContract({ ...target, functionName: "harvest" }),
  );
  return result;
}
