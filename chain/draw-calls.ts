// Decides what each call of the contract of draws looks like as data. It never sends, as calls.ts does not.
import { type Address, encodeFunctionData, type Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { drawsAbi } from "./abi/draws-abi.ts";
import type { ContractCall } from "./calls.ts";
import type { Chain } from "./connect.ts";

type Target = Pick<Chain, "settings">;

/** Asks for a draw; while one for the subject stands, it changes nothing. @throws `draws-missing` */
export function requestDrawCall(chain: Target, subject: Hex): ContractCall {
  const data = encodeFunctionData({ abi: drawsAbi, functionName: "request", args: [subject] });
  return { to: drawsOf(chain), data, name: "request" };
}

/** Records the randomness of a past block, by its header as `readHeader` gives it. @throws `draws-missing` */
export function recordBeaconCall(chain: Target, header: Hex): ContractCall {
  const data = encodeFunctionData({ abi: drawsAbi, functionName: "record", args: [header] });
  return { to: drawsOf(chain), data, name: "record" };
}

/** Marks the lease of these terms as drawn. @throws `draws-missing` */
export function proveCommitteeCall(chain: Target, terms: LeaseTerms): ContractCall {
  const data = encodeFunctionData({ abi: drawsAbi, functionName: "proveCommittee", args: [terms] });
  return { to: drawsOf(chain), data, name: "proveCommittee" };
}

/** The contract of draws that belongs to the exchange. @throws `draws-missing` */
export function drawsOf({ settings }: Target): Address {
  if (settings.draws) return settings.draws;
  throw new ProtocolError("not-found", "draws-missing", `No draws are known for exchange ${settings.exchange}.`, {
    hint: "Name the contract of draws in the deployment, or choose the committee yourself.",
    context: { exchange: settings.exchange, chainId: settings.chainId },
  });
}
