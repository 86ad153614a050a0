// What the node has earned: what the chain holds for it, and its own attested orders, paid or not yet.
import { z } from "zod";
import * as wire from "#protocol/wire.ts";

/** GET /v1/earnings */
export const nodeEarnings = z.strictObject({
  node: wire.address,
  owner: wire.address,
  /** Earned and not yet collected, base units, as the chain has it; null while it cannot be reached. */
  uncollected: wire.amount.nullable(),
  /** Attested orders, newest first. `asked` is the node's price: the contract pays at most that. */
  lines: z.array(
    z.strictObject({
      order: wire.bytes32,
      lease: wire.bytes32,
      asked: wire.amount,
      deadline: z.number().int(),
      settled: z.boolean(),
    }),
  ),
});
export type NodeEarnings = z.output<typeof nodeEarnings>;
