// A model of the profit share, as `contracts/Vault.sol` keeps it: what comes in becomes the holders' slowly.
import { SHARES_PER_TOKEN } from "./stake-model.ts";

/** Short enough to be over at a world's end. */
const DRIP_SECONDS = 100;

export class VaultModel {
  /** Tokens that it holds, and shares of them. */
  managed: bigint;
  supply: bigint;
  readonly faults: string[] = [];
  #drip = { amount: 0n, since: 0, ends: 0 };

  constructor(deposits: bigint) {
    this.managed = deposits;
    this.supply = deposits * SHARES_PER_TOKEN;
  }

  /** Profit that arrives. */
  harvest(profit: bigint, now: number): void {
    this.#keepingPrice(now, () => {
      this.managed += profit;
      this.#addProfit(profit, now);
    });
  }

  /** Shares that their holder loses: they are burned, and what they were worth is everybody's profit. */
  forfeit(shares: bigint, now: number): void {
    this.#keepingPrice(now, () => {
      const assets = this.worthOf(shares, now);
      this.supply -= shares;
      this.#addProfit(assets, now);
    });
  }

  /** What so many shares give, rounded down; a million shares that nobody has stand for the first unit. */
  worthOf(shares: bigint, now: number): bigint {
    return (shares * (this.#assets(now) + 1n)) / (this.supply + SHARES_PER_TOKEN);
  }

  #assets(now: number): bigint {
    return this.supply === 0n ? 0n : this.managed - this.#dripping(now);
  }

  #dripping(now: number): bigint {
    const { amount, since, ends } = this.#drip;
    if (now >= ends) return 0n;
    const length = BigInt(ends - since);
    return (amount * BigInt(ends - now) + length - 1n) / length;
  }

  #addProfit(profit: bigint, now: number): void {
    const left = this.#dripping(now);
    const total = left + profit;
    if (total === 0n) return;
    const remaining = BigInt(Math.max(0, this.#drip.ends - now));
    const spread = Number((left * remaining + profit * BigInt(DRIP_SECONDS)) / total);
    this.#drip = { amount: total, since: now, ends: now + spread };
  }

  #keepingPrice(now: number, change: () => void): void {
    const before = [this.#assets(now) + 1n, this.supply + SHARES_PER_TOKEN] as const;
    change();
    const after = [this.#assets(now) + 1n, this.supply + SHARES_PER_TOKEN] as const;
    if (this.supply > 0n && after[0] * before[1] < before[0] * after[1]) this.faults.push("a share is worth less");
  }
}
