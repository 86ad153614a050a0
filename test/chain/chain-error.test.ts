import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeErrorResult, HttpRequestError, RpcRequestError, TimeoutError } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { isNotTaken, toChainError } from "#chain/chain-error.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

const amountZero = encodeErrorResult({ abi: exchangeAbi, errorName: "AmountZero" });
const url = "https://rpc.example/v2/secret";
const rpcError = (code: number, message: string, data?: unknown) =>
  new RpcRequestError({ body: {}, url, error: { code, message, data } });

test("silence and overload may be tried again, refusals may not", () => {
  const cases: [unknown, string, boolean][] = [
    [new HttpRequestError({ url, status: 503 }), "chain-unreachable", true],
    [new TimeoutError({ body: {}, url }), "chain-unreachable", true],
    [rpcError(-32005, "limit exceeded"), "chain-unreachable", true],
    [rpcError(-32000, "insufficient funds for gas * price + value"), "gas-unfunded", false],
    [rpcError(-32000, "Sender doesn't have enough funds to send tx."), "gas-unfunded", false],
    [rpcError(3, "execution reverted", "0x"), "transaction-reverted", false],
    [rpcError(3, "execution reverted", amountZero), "amount-zero", false],
    [rpcError(-32603, "reverted", { data: amountZero }), "amount-zero", false],
    [rpcError(-32601, "method not found"), "chain-refused", false],
    [new Error("what"), "chain-refused", false],
  ];
  for (const [given, code, retryable] of cases) {
    const error = toChainError(given, "deposit", url);
    assert.equal(error.code, code, String(given));
    assert.equal(error.retryable, retryable, code);
    assert.doesNotMatch(error.message + JSON.stringify(error.context), /secret/);
  }
});

test("a typed error stays as it is", () => {
  const error = new ProtocolError("busy", "lane-full", "Full.");
  assert.equal(toChainError(error, "deposit", url), error);
});

test("only some answers prove that a transaction was not taken", () => {
  assert.ok(isNotTaken(rpcError(-32000, "insufficient funds for transfer")));
  assert.ok(isNotTaken(rpcError(-32000, "intrinsic gas too low")));
  for (const message of ["already known", "nonce too low", "replacement transaction underpriced", "internal error"]) {
    assert.ok(!isNotTaken(rpcError(-32000, message)), message);
  }
  assert.ok(!isNotTaken(new HttpRequestError({ url, status: 502 })));
});
