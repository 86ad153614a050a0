// What must hold at the end of a world of all money together: tokens are what they were, each with whom the rules say.
import { gasCost } from "#protocol/clearing-decision.ts";
import { forcingGas } from "#protocol/rescue-decision.ts";
import { DEPOSIT, FEE_BPS } from "./cast.ts";
import type { Simulation } from "./simulation.ts";
import { SHARES_PER_TOKEN } from "./stake-model.ts";

export function* accountFaults({ exchange, vault, cast }: Simulation): Generator<string> {
  const balance = (account: string) => exchange.accounts.get(account) ?? 0n;
  const staked = sum(cast.stakes);
  const held = sum([...exchange.accounts.values()]);
  if (held + vault.managed !== DEPOSIT * BigInt(cast.leases.length) + staked) yield "a token is lost or made";

  for (const [lease, { refunded }] of exchange.leases.entries()) {
    const fees = feesOf(exchange.leases, `consumer ${lease}`);
    if (balance(`consumer ${lease}`) !== refunded + fees) yield `consumer ${lease} has not what is left of its lease`;
  }
  const fees = exchange.collected.map((each) => each.fees);
  for (const [node, ever] of exchange.earnedEver.entries()) {
    const { times } = exchange.collected[node] ?? { times: 0 };
    const fee = fees[node] ?? 0n;
    const most = (ever * FEE_BPS) / 10_000n;
    // Rounded down at each collection.
    if (fee > most || fee + BigInt(times) < most) yield `node ${node} leaves ${fee} of a fee of ${most}`;
    if (balance(`owner ${node}`) !== ever - fee) yield `the owner of node ${node} has not what it earned`;
    const forced = feesOf(exchange.leases, `node ${node}`);
    if (balance(`node ${node}`) !== forced) yield `node ${node} has not the fees for what it forced`;
  }
  if (vault.managed !== staked + sum(fees)) yield "the profit share is not what was staked, and the fees";
}

/** Whoever follows the rules gets more by forcing an order than the gas costs, and so by all orders of a claim. */
export function* gasFaults({ exchange, cast }: Simulation): Generator<string> {
  for (const [lease, { settled }] of exchange.leases.entries()) {
    for (const { order, by, sender, amounts, fee } of settled.values()) {
      const node = cast.nodes.findIndex((part, id) => part === "honest" && sender === `node ${id}`);
      if (node === -1 || by === "claim") continue;
      const cost = gasCost(forcingGas(amounts.size), cast.costs);
      if ((amounts.get(node) ?? 0n) + fee <= cost)
        yield `node ${node} loses by forcing order ${order.nonce} of ${lease}`;
    }
  }
}

/** What was paid to this sender for forcing orders late. */
function feesOf(leases: Simulation["exchange"]["leases"], sender: string): bigint {
  const forced = leases.flatMap(({ settled }) => [...settled.values()]).filter((each) => each.sender === sender);
  return sum(forced.map(({ fee }) => fee));
}

/** What all stake came to, in shares: where it stands, with its owners, at the court or burned. */
export function* stakeFaults({ exchange, vault, court, cast, ...world }: Simulation): Generator<string> {
  yield* vault.faults;
  const nodes = [...cast.nodes.keys()].map((node) => exchange.stakes.of(node));
  const theirs = sum(nodes.map(({ staked, unbonding, returned }) => staked + unbonding + returned));
  const pots = sum([...court.cases.values()].map(({ pot }) => pot));
  if (theirs + pots !== vault.supply) yield "a share is lost or made";
  const taken = sum(court.punishments.map(({ shares }) => shares));
  const initial = sum(cast.stakes) * SHARES_PER_TOKEN;
  if (initial - theirs !== taken) yield "stake is gone without a punishment";
  const paid = sum(
    [...court.cases.values()].map(({ paid, signers, pot }) => {
      return signers.length === 0 ? 0n : (pot / BigInt(signers.length)) * BigInt(paid.size);
    }),
  );
  if (sum(court.juryPay.filter((pay) => pay !== undefined)) !== paid) yield "jurors have not what is theirs";
  if (vault.worthOf(vault.supply, world.now) > vault.managed) yield "shares are worth more than the vault holds";
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
