// Decides what each call of the court looks like as data. It never sends.
import { type Address, type ContractFunctionArgs, type ContractFunctionName, encodeFunctionData, type Hex } from "viem";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import type { JurorRegistration, Verdict } from "#protocol/verdict.ts";
import { courtAbi } from "./abi/court-abi.ts";
import { type ContractCall, evidenceOf, rowOf } from "./calls.ts";
import type { Chain } from "./connect.ts";

type Target = Pick<Chain, "contracts">;
type Method = ContractFunctionName<typeof courtAbi, "nonpayable">;
type Arguments<Name extends Method> = ContractFunctionArgs<typeof courtAbi, "nonpayable", Name>;

/** Gives the node its BLS key; the node or its owner sends it. */
export function registerJurorCall({ contracts }: Target, { node, key, proof }: JurorRegistration): ContractCall {
  return courtCall(contracts.court, "registerJuror", [node, key, proof]);
}

/** Freezes as `adjudicateCall` does, and pays nobody; in a drawn lease the court remembers who was accused. */
export function accuseCall(
  { contracts }: Target,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return courtCall(contracts.court, "accuse", evidenceOf(terms, order, attestations));
}

/** Opens the case of an order on which `attestations` differ; a node of them or its owner sends it. */
export function appealCall(
  { contracts }: Target,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return courtCall(contracts.court, "appeal", evidenceOf(terms, order, attestations));
}

/** Hands in the jury's verdict. */
export function decideCall({ contracts }: Target, terms: LeaseTerms, order: JobOrder, verdict: Verdict): ContractCall {
  return courtCall(contracts.court, "decide", [terms, order, verdict]);
}

/** Takes stake from the liars among `attestations`. */
export function punishCall(
  { contracts }: Target,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return courtCall(contracts.court, "punish", evidenceOf(terms, order, attestations));
}

/** Shows that one node signed two different attestations of one order. */
export function proveEquivocationCall(
  { contracts }: Target,
  orderId: Hex,
  first: Signed<Attestation>,
  second: Signed<Attestation>,
): ContractCall {
  return courtCall(contracts.court, "proveEquivocation", [orderId, rowOf(first), rowOf(second)]);
}

/** Pays the jurors of `seats`, a bit each; `jury` in seat order. */
export function payJurorsCall(
  { contracts }: Target,
  orderId: Hex,
  jury: readonly NodeId[],
  seats: bigint,
): ContractCall {
  return courtCall(contracts.court, "payJurors", [orderId, jury, seats]);
}

function courtCall<Name extends Method>(court: Address, functionName: Name, args: Arguments<Name>): ContractCall {
  const data = encodeFunctionData({ abi: courtAbi, functionName, args } as Parameters<typeof encodeFunctionData>[0]);
  return { to: court, data, name: functionName };
}
