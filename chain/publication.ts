// Decides where the results of forced orders stand in a transaction: behind the arguments of its call, where the
// contract does not look. It never checks whose results they are.
import { concat, type Hex } from "viem";
import { decodePublication, encodePublication, type PublishedRow } from "#protocol/publication.ts";
import type { ContractCall } from "./calls.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

/** The same call with these results behind it. @throws as `encodePublication` */
export function withPublication(call: ContractCall, rows: readonly PublishedRow[]): ContractCall {
  return { ...call, data: concat([call.data, encodePublication(rows)]) };
}

/**
 * What a transaction publishes; undefined when nothing. Whoever wrote it may have lied.
 * @throws as `decodePublication`, `chain-unreachable`
 */
export async function readPublication(
  { client, settings }: Chain,
  transaction: Hex,
): Promise<readonly PublishedRow[] | undefined> {
  const { input } = await asChainCall(settings.rpcUrl, "the transaction", () =>
    client.getTransaction({ hash: transaction }),
  );
  return decodePublication(input);
}
