// Decides which of our errors stands for what a chain endpoint answered, or for its silence.
// It never retries and never judges a contract's reasons.
import { BaseError, type Hex, HttpRequestError, isHex, TimeoutError } from "viem";
import { getNodeError } from "viem/utils";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { refusalOf, revertedWithout } from "./refusals.ts";

/** JSON-RPC codes by which endpoints say "later": rate limits, overload, resource not yet there. */
const LATER_CODES: ReadonlySet<unknown> = new Set([-32005, -32002, -32097, -32098, 429, 503]);

/** Names of viem's node errors by which a transaction was certainly not taken. */
const NOT_TAKEN: ReadonlySet<string> = new Set([
  "InsufficientFundsError",
  "IntrinsicGasTooHighError",
  "IntrinsicGasTooLowError",
  "FeeCapTooHighError",
  "FeeCapTooLowError",
  "TipAboveFeeCapError",
  "TransactionTypeNotSupportedError",
]);

/** The typed error for whatever a viem call threw; `call` names what was tried, `rpcUrl` where. */
export function toChainError(error: unknown, call: string, rpcUrl: string): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const data = revertData(error);
  if (data !== undefined) return data === "0x" ? revertedWithout(call, {}, error) : refusalOf(call, data, error);
  if (isUnreachable(error)) return unreachable(call, rpcUrl, error);
  const kind = nodeErrorName(error);
  if (kind === "InsufficientFundsError") return gasUnfunded(call, error);
  if (kind === "ExecutionRevertedError") return revertedWithout(call, { reason: detailsOf(error) }, error);
  return new ProtocolError("rejected", "chain-refused", `The chain refuses ${call}: ${detailsOf(error)}`, {
    hint: "Check the call and the chain endpoint's settings.",
    context: { call, rpc: originOf(rpcUrl) },
    retryable: false,
    cause: error,
  });
}

/** Runs `action`, whose every failure becomes a typed error. @throws as toChainError */
export async function asChainCall<T>(rpcUrl: string, call: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toChainError(error, call, rpcUrl);
  }
}

/** Whether the endpoint's answer to a broadcast proves that the transaction is not in its pool. */
export function isNotTaken(error: unknown): boolean {
  return NOT_TAKEN.has(nodeErrorName(error));
}

/** Scheme and host alone: the path of an endpoint's URL often holds its owner's secret. */
export function originOf(rpcUrl: string): string {
  return URL.canParse(rpcUrl) ? new URL(rpcUrl).origin : "the configured endpoint";
}

function unreachable(call: string, rpcUrl: string, cause: unknown): ProtocolError {
  const rpc = originOf(rpcUrl);
  return new ProtocolError("unreachable", "chain-unreachable", `Cannot reach the chain at ${rpc} for ${call}.`, {
    hint: "Check that the chain endpoint runs and that its URL is right, then try again.",
    context: { rpc, call },
    cause,
  });
}

function gasUnfunded(call: string, cause: unknown): ProtocolError {
  return new ProtocolError("funds", "gas-unfunded", `The account cannot pay the gas for ${call}; nothing was sent.`, {
    hint: "Send some of the chain's own currency to the account.",
    context: { call },
    retryable: false,
    cause,
  });
}

function isUnreachable(error: unknown): boolean {
  return causesOf(error).some(
    (cause) =>
      cause instanceof HttpRequestError ||
      cause instanceof TimeoutError ||
      LATER_CODES.has((cause as { code?: unknown }).code),
  );
}

/** What the contract reverted with: endpoints put it in `data`, or in `data.data` (Hardhat). */
function revertData(error: unknown): Hex | undefined {
  for (const cause of causesOf(error)) {
    const { data } = cause as { data?: unknown };
    if (isHex(data)) return data;
    const inner = (data as { data?: unknown } | null | undefined)?.data;
    if (isHex(inner)) return inner;
  }
  return undefined;
}

function nodeErrorName(error: unknown): string {
  // Hardhat's words, which viem does not know.
  if (/have enough funds to send/i.test(detailsOf(error))) return "InsufficientFundsError";
  return error instanceof BaseError ? getNodeError(error, {}).name : "";
}

function detailsOf(error: unknown): string {
  if (error instanceof BaseError) return (error.details || error.shortMessage).slice(0, 300);
  return error instanceof Error ? error.message.slice(0, 300) : "unknown failure";
}

function causesOf(error: unknown): object[] {
  const causes: object[] = [];
  for (let at = error; typeof at === "object" && at !== null && causes.length < 16; at = (at as Error).cause) {
    causes.push(at);
  }
  return causes;
}
