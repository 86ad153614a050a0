// A model of what nodes have at stake, in shares of the vault, as `contracts/Staking.sol` keeps it.
import { GRACE_SECONDS } from "./cast.ts";
import { Refusal } from "./evidence-model.ts";

export const SHARES_PER_TOKEN = 1_000_000n;

interface Stake {
  staked: bigint;
  unbonding: bigint;
  unbondsAt: number;
  frozenUntil: number;
  /** What is the owner's again. */
  returned: bigint;
  returnedAt: number;
}

export class StakeModel {
  readonly #stakes: readonly Stake[];

  /** @param tokens of each node */
  constructor(tokens: readonly bigint[]) {
    this.#stakes = tokens.map((amount) => ({
      ...{ staked: amount * SHARES_PER_TOKEN, unbonding: 0n, unbondsAt: 0 },
      ...{ frozenUntil: 0, returned: 0n, returnedAt: 0 },
    }));
  }

  of(node: number): Readonly<Stake> {
    return this.#of(node);
  }

  weigh(nodes: readonly number[]): bigint {
    return nodes.reduce((sum, node) => sum + this.#of(node).staked, 0n);
  }

  freeze(node: number, until: number): void {
    const stake = this.#of(node);
    stake.frozenUntil = Math.max(stake.frozenUntil, until);
  }

  startUnbonding(node: number, now: number): void {
    const stake = this.#of(node);
    if (stake.staked === 0n) throw new Refusal("shares-zero");
    stake.unbonding += stake.staked;
    stake.staked = 0n;
    stake.unbondsAt = now + 5 * GRACE_SECONDS;
  }

  finishUnbonding(node: number, now: number): void {
    const stake = this.#of(node);
    if (stake.unbonding === 0n) throw new Refusal("nothing-unbonding");
    if (now < Math.max(stake.frozenUntil, stake.unbondsAt)) throw new Refusal("stake-locked");
    stake.returned += stake.unbonding;
    stake.unbonding = 0n;
    stake.returnedAt = now;
  }

  /** First of what stands, then of what is leaving. @returns what was taken */
  slash(node: number, shares: bigint): bigint {
    const stake = this.#of(node);
    const all = stake.staked + stake.unbonding;
    const taken = shares < all ? shares : all;
    const ofUnbonding = taken > stake.staked ? taken - stake.staked : 0n;
    stake.staked -= taken - ofUnbonding;
    stake.unbonding -= ofUnbonding;
    return taken;
  }

  #of(node: number): Stake {
    return this.#stakes[node] as Stake;
  }
}
