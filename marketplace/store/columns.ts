// Columns that carry the project's own types. Amounts are text: SQLite's integers end at 64 bits.
import { customType, text } from "drizzle-orm/sqlite-core";
import type { Hex } from "viem";

/** A bigint as canonical decimal text. */
export const bigintText = customType<{ data: bigint; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => value.toString(),
  fromDriver: BigInt,
});

/** An address, hash or signature as lower-case hex text. */
export function hexText() {
  return text().$type<Hex>();
}
