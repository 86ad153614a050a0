import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AbiParameter,
  encodeAbiParameters,
  encodeErrorResult,
  getAddress,
  type Hex,
  toFunctionSelector,
} from "viem";
import { courtAbi } from "#chain/abi/court-abi.ts";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { paymentTokenAbi } from "#chain/abi/payment-token-abi.ts";
import { refusalOf } from "#chain/refusals.ts";
import { coded } from "./coded.ts";

const account = getAddress(`0x${"ab".repeat(20)}`);
const errors = [...exchangeAbi, ...courtAbi, ...paymentTokenAbi].filter((item) => item.type === "error");

function sampleOf({ type }: AbiParameter): unknown {
  if (type === "address") return account;
  if (type === "bytes32") return `0x${"cd".repeat(32)}`;
  if (type === "string") return "words";
  return type === "uint8" || type === "uint40" ? 4 : 2_000_000n;
}

test("every error of the contracts has a code, a sentence and a hint, and carries its values", () => {
  for (const { name, inputs } of errors) {
    const parameters = inputs as readonly AbiParameter[];
    const values = parameters.map(sampleOf);
    const selector = toFunctionSelector(`${name}(${parameters.map(({ type }) => type).join()})`);
    const data = `${selector}${encodeAbiParameters(parameters, values).slice(2)}` as Hex;
    const error = refusalOf("settle", data, undefined);
    coded(error.code)(error);
    assert.match(error.code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.ok(error.category === "rejected" || error.category === "funds" || error.category === "invalid");
    for (const parameter of parameters) assert.notEqual(error.context[parameter.name ?? ""], undefined, name);
  }
});

test("a refusal speaks of tokens and dates, and addresses have one text", () => {
  const underfunded = refusalOf(
    "open",
    encodeErrorResult({ abi: exchangeAbi, errorName: "AccountUnderfunded", args: [account, 1_500_000n, 2_000_000n] }),
    undefined,
  );
  assert.equal(underfunded.category, "funds");
  assert.match(underfunded.message, /holds 1\.5 tokens in the exchange, 2 are needed/);
  assert.equal(underfunded.context.account, account.toLowerCase());
  const closed = refusalOf(
    "settle",
    encodeErrorResult({ abi: exchangeAbi, errorName: "LeaseNotLive", args: [`0x${"cd".repeat(32)}`, 4] }),
    undefined,
  );
  assert.equal(closed.context.status, "closed");
});

test("a reason that is not ours is passed on, a strange one is named", () => {
  const words = encodeErrorResult({
    abi: [{ type: "error", name: "Error", inputs: [{ name: "message", type: "string" }] }],
    errorName: "Error",
    args: ["token is paused"],
  });
  const told = refusalOf("deposit", words, undefined);
  assert.equal(told.code, "transaction-reverted");
  assert.match(told.message, /token is paused/);
  const strange = refusalOf("deposit", "0xdeadbeef", undefined);
  assert.equal(strange.context.data, "0xdeadbeef");
});
