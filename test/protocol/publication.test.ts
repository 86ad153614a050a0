// What is published comes back whole and is believed by its hashes alone; whatever else strangers write is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesToHex, concat, type Hex, hexToBytes, size, slice, zeroHash } from "viem";
import { receiptsLeaf } from "#protocol/claim-work.ts";
import { digestOf } from "#protocol/digest.ts";
import { LIMITS } from "#protocol/limits.ts";
import { merkleTree } from "#protocol/merkle-tree.ts";
import { type Receipt, resultHash } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import {
  chooseRows,
  decodePublication,
  encodePublication,
  type PublishedResult,
  type PublishedRow,
  publishedResultOf,
  resultBytes,
} from "#protocol/publication.ts";
import { OUTCOMES } from "#protocol/usage.ts";

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes));
const job = fc
  .record({
    request: fc.uint8Array({ maxLength: 8 }),
    outcome: fc.constantFrom(...OUTCOMES),
    fuel: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    memoryPages: uint32,
    bytesIn: uint32,
    events: uint32,
    response: fc.uint8Array({ maxLength: 120 }),
  })
  .map(({ request, outcome, response, ...usage }): readonly [Receipt, Uint8Array] => [
    {
      request: digestOf(request),
      outcome,
      response: digestOf(response),
      usage: { ...usage, bytesOut: response.length },
    },
    response,
  ]);
const result = fc.array(job, { minLength: 1, maxLength: 5 }).map(
  (jobs): PublishedResult => ({
    receipts: jobs.map(([receipt]) => receipt),
    responses: jobs.map(([, response]) => response),
  }),
);
const row = fc.oneof(
  result.map((value): PublishedRow => ({ kind: "result", result: value })),
  bytes32.map((resultHash): PublishedRow => ({ kind: "left-out", resultHash })),
);
const rowList = fc.array(row, { minLength: 1, maxLength: 6 });
const anyHex = fc.uint8Array({ maxLength: 400 }).map((bytes) => bytesToHex(bytes));

/** Number of rows, their bytes, version and tag. */
const FOOTER_BYTES = 15;

/** A result of one job with a response of so many bytes. */
function resultOf(length: number, fill = 1): PublishedResult {
  const response = new Uint8Array(length).fill(fill);
  const usage = { fuel: 5n, memoryPages: 1, bytesIn: 7, bytesOut: length, events: 0 };
  return {
    receipts: [{ request: digestOf(new Uint8Array([9])), outcome: "ok", response: digestOf(response), usage }],
    responses: [response],
  };
}

function refusedWith(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.code;
  }
  return "taken";
}

test("rows come back as they were, whatever call stands before them", () => {
  fc.assert(
    fc.property(rowList, anyHex, (rows, call) => {
      assert.deepEqual(decodePublication(concat([call, encodePublication(rows)])), rows);
    }),
    { numRuns: 60 },
  );
});

test("a result's size is what it takes", () => {
  const none = size(encodePublication([{ kind: "left-out", resultHash: zeroHash }])) - 33;
  for (const length of [0, 1, 500]) {
    const value = resultOf(length);
    assert.equal(size(encodePublication([{ kind: "result", result: value }])), none + resultBytes(value));
  }
});

test("bytes of strangers are nothing, a publication, or refused for a reason, and never anything else", () => {
  const refused = new Set(["publication-malformed", "publication-too-large", "publication-version-unknown", "taken"]);
  const mutated = fc.tuple(rowList, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([rows, at, change]) => {
    const bytes = hexToBytes(encodePublication(rows));
    bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ change;
    return bytesToHex(bytes);
  });
  fc.assert(
    fc.property(fc.oneof(anyHex, mutated), (calldata) => {
      const code = refusedWith(() => decodePublication(calldata));
      assert.ok(refused.has(code), code);
    }),
    { numRuns: 200 },
  );
});

test("cut at any byte or with one too many, a publication is refused", () => {
  const whole = encodePublication([
    { kind: "result", result: resultOf(20) },
    { kind: "left-out", resultHash: zeroHash },
  ]);
  const footer = slice(whole, size(whole) - FOOTER_BYTES);
  const body = slice(whole, 0, size(whole) - FOOTER_BYTES);
  for (let cut = 1; cut <= size(body); cut++) {
    assert.equal(
      refusedWith(() => decodePublication(slice(whole, cut))),
      "publication-malformed",
    );
    assert.equal(decodePublication(slice(whole, 0, size(whole) - cut)), undefined);
  }
  // As many bytes as it says, beside one more: the rows begin a byte too late.
  assert.equal(
    refusedWith(() => decodePublication(concat([body, "0x00", footer]))),
    "publication-malformed",
  );
});

test("of two publications in one call the last one counts", () => {
  const [first, last] = [1, 2].map((fill): PublishedRow[] => [{ kind: "result", result: resultOf(10, fill) }]) as [
    PublishedRow[],
    PublishedRow[],
  ];
  assert.deepEqual(decodePublication(concat([encodePublication(first), encodePublication(last)])), last);
});

test("no rows, a row too few or too many, an unknown kind, outcome or version, and no jobs are refused", () => {
  const whole = encodePublication([{ kind: "result", result: resultOf(3) }]);
  const patch = (at: number, bytes: Hex) => {
    const from = at < 0 ? size(whole) + at : at;
    const after = from + size(bytes);
    const rest = after < size(whole) ? slice(whole, after) : "0x";
    return concat([from > 0 ? slice(whole, 0, from) : "0x", bytes, rest]);
  };
  for (const [what, calldata] of [
    ["an unknown kind", patch(0, "0x02")],
    ["no jobs", patch(1, "0x0000")],
    ["too many jobs", patch(1, "0x0101")],
    ["an unknown outcome", patch(35, "0x05")],
    ["no rows", patch(-15, "0x0000")],
    ["a row too many", patch(-15, "0x0002")],
    ["a body that is longer than the call", patch(-13, "0x00000fff")],
  ] as const) {
    assert.equal(
      refusedWith(() => decodePublication(calldata)),
      "publication-malformed",
      what,
    );
  }
  assert.equal(
    refusedWith(() => decodePublication(patch(-9, "0x02"))),
    "publication-version-unknown",
  );
  assert.equal(decodePublication(patch(-8, "0x00")), undefined);
  assert.equal(
    refusedWith(() => encodePublication([])),
    "publication-malformed",
  );
});

test("what is above a limit is neither written nor read", () => {
  const large: PublishedRow = { kind: "result", result: resultOf(LIMITS.publishedResultBytes) };
  assert.equal(
    refusedWith(() => encodePublication([large])),
    "publication-too-large",
  );
  const most: PublishedRow = { kind: "result", result: resultOf(LIMITS.publishedResultBytes - 58) };
  assert.equal(resultBytes((most as { result: PublishedResult }).result), LIMITS.publishedResultBytes);
  const rows = Array.from({ length: 31 }, () => most);
  assert.deepEqual(decodePublication(encodePublication(rows)), rows);
  assert.equal(
    refusedWith(() => encodePublication([...rows, most])),
    "publication-too-large",
  );
  const one = encodePublication([most]);
  const longer = concat([slice(one, 0, 56), "0x03c7", slice(one, 58, size(one) - 15), "0x00"]);
  const footer = concat(["0x0001", "0x00000401", slice(one, size(one) - 9)]);
  assert.equal(
    refusedWith(() => decodePublication(concat([longer, footer]))),
    "publication-too-large",
  );
  const endless = concat(["0x0001", "0xffffffff", slice(one, size(one) - 9)]);
  assert.equal(
    refusedWith(() => decodePublication(concat([one, endless]))),
    "publication-too-large",
  );
});

test("a response that is not its receipt's is not written", () => {
  const { receipts } = resultOf(4, 1);
  for (const responses of [[], [new Uint8Array(4).fill(2)], [new Uint8Array(3).fill(1)]]) {
    const code = refusedWith(() => encodePublication([{ kind: "result", result: { receipts, responses } }]));
    assert.equal(code, "publication-malformed");
  }
});

test("the smallest results are published first, and none above its own limit", () => {
  const results = [resultOf(300, 1), resultOf(2_000, 2), resultOf(40, 3), resultOf(100, 4)];
  const orders = results.map((value) => ({ resultHash: resultHash(value.receipts), result: value }));
  const chosen = (bytes: number) => chooseRows(orders, bytes)?.map(({ kind }) => kind);
  assert.deepEqual(chosen(LIMITS.publicationBytes), ["result", "left-out", "result", "result"]);
  const all = size(encodePublication(chooseRows(orders, LIMITS.publicationBytes) ?? []));
  assert.deepEqual(chosen(all), ["result", "left-out", "result", "result"]);
  assert.deepEqual(chosen(all - 1), ["left-out", "left-out", "result", "result"]);
  assert.equal(chosen(40), undefined);
  assert.equal(chooseRows([{ resultHash: zeroHash, result: undefined }], 1_000), undefined);
  fc.assert(
    fc.property(fc.nat({ max: 700 }), (bytes) => {
      const rows = chooseRows(orders, bytes);
      assert.ok(rows === undefined || size(encodePublication(rows)) <= bytes);
    }),
    { numRuns: 50 },
  );
});

test("a settled order's result is believed when it has the attested hash", () => {
  const [right, wrong] = [resultOf(5, 1), resultOf(5, 2)];
  const paid = { kind: "settled", resultHash: resultHash(right.receipts) } as const;
  const order: Hex = `0x${"01".repeat(32)}`;
  assert.deepEqual(publishedResultOf([{ kind: "result", result: right }], order, paid), right);
  assert.equal(
    refusedWith(() => publishedResultOf([{ kind: "result", result: wrong }], order, paid)),
    "publication-differs",
  );
  const twice: PublishedRow[] = [1, 2].map(() => ({ kind: "result", result: right }));
  assert.equal(
    refusedWith(() => publishedResultOf(twice, order, paid)),
    "publication-differs",
  );
  const left: PublishedRow = { kind: "left-out", resultHash: paid.resultHash };
  assert.equal(
    refusedWith(() => publishedResultOf([left], order, paid)),
    "result-left-out",
  );
});

test("a claimed order's result is believed when all rows together have the claim's root", () => {
  const results = [resultOf(5, 1), resultOf(5, 2), resultOf(5, 3)];
  const orders = results.map((_, index): Hex => `0x${`0${index + 1}`.repeat(32)}`);
  const hashes = results.map(({ receipts }) => resultHash(receipts));
  const receiptsRoot = merkleTree(hashes.map((hash, index) => receiptsLeaf(orders[index] as Hex, hash))).root;
  const paid = { kind: "claimed", orders, receiptsRoot } as const;
  const rows: PublishedRow[] = results.map((value, index) =>
    index === 1 ? { kind: "left-out", resultHash: hashes[1] as Hex } : { kind: "result", result: value },
  );
  const [first, second, third] = orders as [Hex, Hex, Hex];
  assert.deepEqual(publishedResultOf(rows, first, paid), results[0]);
  assert.deepEqual(publishedResultOf(rows, third, paid), results[2]);
  assert.equal(
    refusedWith(() => publishedResultOf(rows, second, paid)),
    "result-left-out",
  );
  const lies: readonly (readonly PublishedRow[])[] = [
    rows.slice(0, 2),
    [...rows, rows[0] as PublishedRow],
    rows.toReversed(),
    rows.with(0, { kind: "result", result: resultOf(6, 1) }),
    rows.with(1, { kind: "left-out", resultHash: zeroHash }),
  ];
  for (const lie of lies)
    assert.equal(
      refusedWith(() => publishedResultOf(lie, first, paid)),
      "publication-differs",
    );
  assert.equal(
    refusedWith(() => publishedResultOf(rows, zeroHash, paid)),
    "publication-differs",
  );
});
