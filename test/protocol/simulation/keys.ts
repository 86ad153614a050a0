// What vouchers and sets are found by.
import type { Voucher } from "#protocol/signed-messages.ts";

export function setOf<Key>(map: Map<Key, Set<number>>, key: Key): Set<number> {
  const set = map.get(key) ?? new Set<number>();
  map.set(key, set);
  return set;
}

export function keyOf({ perNode, upTo, forced, last }: Voucher): string {
  return [perNode, upTo, forced, last].join();
}
