// Decides what each call of the court looks like as data. It never sends.
import { type Address, type ContractFunctionArgs, type ContractFunctionName, encodeFunctionData, type Hex } from "viem";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import type { JurorRegistration, Verdict } from "#protocol/verdict.ts";
import { courtAbi } from "./abi/court-abi.ts";
import type { ContractCall } from "./calls.ts";

type Method = ContractFunctionName<typeof courtAbi, "nonpayable">;
type Arguments<Name extends Method> = ContractFunctionArgs<typeof courtAbi, "nonpayable", Name>;

/** Gives the node its BLS key; the node or its owner sends it. */
export function registerJurorCall(court: Address, { node, key, proof }: JurorRegistration): ContractCall {
  return courtCall(court, "registerJuror", [node, key, proof]);
}

/** Opens the case of an order on which `attestations` differ; a node of them or its owner sends it. */
export function appealCall(
  court: Address,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return courtCall(court, "appeal", [terms, order.message, order.signature, attestations.map(attestationStruct)]);
}

/** Hands in the jury's verdict. */
export function decideCall(court: Address, terms: LeaseTerms, order: JobOrder, verdict: Verdict): ContractCall {
  return courtCall(court, "decide", [terms, order, verdict]);
}

/** Takes stake from the liars among `attestations`. */
export function punishCall(
  court: Address,
  terms: LeaseTerms,
  order: Signed<JobOrder>,
  attestations: readonly Signed<Attestation>[],
): ContractCall {
  return courtCall(court, "punish", [terms, order.message, order.signature, attestations.map(attestationStruct)]);
}

/** Shows that one node signed two different attestations of one order. */
export function proveEquivocationCall(
  court: Address,
  orderId: Hex,
  first: Signed<Attestation>,
  second: Signed<Attestation>,
): ContractCall {
  return courtCall(court, "proveEquivocation", [orderId, attestationStruct(first), attestationStruct(second)]);
}

/** Pays the jurors of `seats`, a bit each; `jury` in seat order. */
export function payJurorsCall(court: Address, orderId: Hex, jury: readonly NodeId[], seats: bigint): ContractCall {
  return courtCall(court, "payJurors", [orderId, jury, seats]);
}

function attestationStruct({ message, signature }: Signed<Attestation>) {
  const { node, resultHash, price, commits } = message;
  return { node, resultHash, price, commits, signature };
}

function courtCall<Name extends Method>(court: Address, functionName: Name, args: Arguments<Name>): ContractCall {
  const data = encodeFunctionData({ abi: courtAbi, functionName, args } as Parameters<typeof encodeFunctionData>[0]);
  return { to: court, data, name: functionName };
}
