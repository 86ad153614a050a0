// Draws who takes part in a world, from its seed.
import {
  type Cast,
  type ConsumerPart,
  type LeaseCast,
  type NodePart,
  pick,
  type Random,
  SLOW_ORDER_SECONDS,
  type WorldKind,
} from "./cast.ts";

const CONSUMERS: readonly ConsumerPart[] = [
  ...(["honest", "honest", "honest", "silent", "silent", "settling"] as const),
  ...(["stingy", "underpaying", "grabbing", "grabbing", "choosy"] as const),
];
const BAD: readonly NodePart[] = ["colluding", "colluding", "erring", "refusing", "dead", "idle"];
const KINDS: readonly WorldKind[] = ["calm", "stuck", "waiting", ...Array.from({ length: 10 }, () => "any" as const)];

/** What a call costs its sender: about two units, or more than many an order is worth. */
const CHEAP = { gasPrice: 1n, coinPrice: 5_000_000_000_000n, costShareBps: 5_000, courtCost: 100n } as const;
const DEAR = { ...CHEAP, gasPrice: 40n, courtCost: 1_000n } as const;

export function drawCast(random: Random): Cast {
  const kind = pick(random, KINDS);
  if (kind !== "any") return calmCast(random, kind);
  const cast = anyCast(random);
  return random() < 0.06 ? quarrelCast(cast, random) : cast;
}

/** One node errs, and nothing else is amiss: what must follow follows always. */
function quarrelCast(cast: Cast, random: Random): Cast {
  const erring = Math.floor(random() * cast.nodes.length);
  const nodes = cast.nodes.map((_, id): NodePart => (id === erring ? "erring" : "honest"));
  const stakes = cast.stakes.map(() => 10n);
  return { ...cast, nodes, stakes, withholding: false, lostPercent: 0, crashesPerMille: 0, meddlePercent: 0 };
}

function anyCast(random: Random): Cast {
  const count = pick(random, [3, 4, 5]);
  const bad = pick(random, [0, 0, 1, 1, 2, 2, 3]);
  const parts = Array.from({ length: count }, (_, id): NodePart => (id < bad ? pick(random, BAD) : "honest"));
  const mixed = shuffled(random, bad === 2 && random() < 0.6 ? parts.map(together) : parts);
  // Now and then nobody at all is there.
  const gone = random() < 0.03 ? pick(random, ["idle", "dead"] as const) : undefined;
  const nodes = gone === undefined ? mixed : mixed.map(() => gone);
  const stakes = pick(random, [() => 10n, () => 10n, () => 0n, () => BigInt(1 + Math.floor(random() * 30))]);
  const costs = pick(random, [CHEAP, CHEAP, CHEAP, DEAR]);
  return {
    kind: "any",
    nodes,
    stakes: nodes.map(() => stakes()),
    jury: pick(random, ["honest", "honest", "split", "silent"] as const),
    withholding: random() < 0.3,
    leases: Array.from({ length: pick(random, [1, 2, 3]) }, () => {
      return leaseOf(random, count, pick(random, CONSUMERS), pick(random, [true, false]));
    }),
    credit: 250n,
    // Some owners pay for no accusation.
    costs: { ...costs, accusationCost: pick(random, [0n, costs.courtCost, costs.courtCost]) },
    orderSeconds: pick(random, [9, 11, 24]),
    silentFrom: 5 + Math.floor(random() * 60),
    lostPercent: pick(random, [0, 0, 10, 40]),
    doubledPercent: pick(random, [0, 30]),
    crashesPerMille: pick(random, [0, 5, 30]),
    meddlePercent: pick(random, [0, 5, 50]),
  };
}

function calmCast(random: Random, kind: Exclude<WorldKind, "any">): Cast {
  const count = pick(random, [3, 4]);
  const nodes = Array.from({ length: count }, () => "honest" as const);
  return {
    kind,
    nodes,
    stakes: nodes.map(() => 10n),
    jury: "honest",
    withholding: false,
    leases: Array.from({ length: pick(random, [1, 2]) }, () => leaseOf(random, count, "honest", true)),
    credit: 10_000n,
    costs: { ...CHEAP, accusationCost: 10n, ...(kind === "waiting" && { costShareBps: 5 }) },
    orderSeconds: pick(random, kind === "stuck" ? [20] : kind === "waiting" ? [42, SLOW_ORDER_SECONDS] : [42]),
    silentFrom: 0,
    ...{ lostPercent: 0, doubledPercent: pick(random, [0, 30]), crashesPerMille: 0, meddlePercent: 0 },
  };
}

function leaseOf(random: Random, count: number, consumer: ConsumerPart, drawn: boolean): LeaseCast {
  const size = pick(random, count === 5 ? [3, 5] : [3]);
  const committee = shuffled(random, [...Array(count).keys()]).slice(0, size);
  return {
    consumer,
    committee: committee.toSorted((a, b) => a - b),
    quorumBps: pick(random, [5_001, 5_001, 6_000, 6_667]),
    drawn,
  };
}

function together(part: NodePart): NodePart {
  return part === "honest" ? part : "colluding";
}

function shuffled<Item>(random: Random, all: readonly Item[]): readonly Item[] {
  return all
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
