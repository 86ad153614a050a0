// Decides what each call of the contract of draws looks like as data. It never sends, as calls.ts does not.
import { encodeFunctionData, type Hex } from "viem";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { drawsAbi } from "./abi/draws-abi.ts";
import type { ContractCall } from "./calls.ts";
import type { Chain } from "./connect.ts";

type Target = Pick<Chain, "contracts">;

/**
 * Asks for a draw, at the price that `readDrawPrice` tells, of approved tokens; while one for the subject stands, it
 * changes nothing and costs nothing.
 */
export function requestDrawCall({ contracts }: Target, subject: Hex): ContractCall {
  const data = encodeFunctionData({ abi: drawsAbi, functionName: "request", args: [subject] });
  return { to: contracts.draws, data, name: "request" };
}

/** Records the randomness of a past block, by its header as `readHeader` gives it. */
export function recordBeaconCall({ contracts }: Target, header: Hex): ContractCall {
  const data = encodeFunctionData({ abi: drawsAbi, functionName: "record", args: [header] });
  return { to: contracts.draws, data, name: "record" };
}

/** Marks the lease of these terms as drawn. */
export function proveCommitteeCall({ contracts }: Target, terms: LeaseTerms): ContractCall {
  const data = encodeFunctionData({ abi: drawsAbi, functionName: "proveCommittee", args: [terms] });
  return { to: contracts.draws, data, name: "proveCommittee" };
}
