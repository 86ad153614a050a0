import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hex } from "viem";
import { requireCommitments, type SetFacts, verifyCommitments } from "#node/orders/commitment-set.ts";
import type { Commitment } from "#protocol/signed-messages.ts";
import { signMessage } from "#protocol/signing.ts";
import { DOMAIN, newKey } from "../order-fixture.ts";

const keys = [newKey(), newKey(), newKey()];
const committee = keys.map(({ address }) => address);
const order: Hex = `0x${"01".repeat(32)}`;
const all: Commitment[] = committee.map((node, index) => ({ order, node, seal: `0x${`0${index}`.repeat(32)}` }));
const [own, second, third] = all as [Commitment, Commitment, Commitment];
const deadline = 1_000;
const early: SetFacts = { order, terms: { deadline, quorumBps: 6_666 }, committee, own, now: deadline - 30 };
const late: SetFacts = { ...early, now: deadline - 3 };

test("the whole committee is enough at any time, a quorum only near the deadline", () => {
  requireCommitments(all, early);
  requireCommitments(all, late);
  requireCommitments([own, third], late);
  assert.throws(() => requireCommitments([own, third], early), { code: "commitments-missing", retryable: true });
  assert.throws(() => requireCommitments([own], late), { code: "commitments-missing" });
});

test("a set with anything that does not belong to it is refused", () => {
  const stranger = { ...third, node: newKey().address };
  const sets: readonly (readonly Commitment[])[] = [
    [own, second, stranger],
    [own, second, second],
    [own, own, second],
    [own, second, { ...third, order: `0x${"02".repeat(32)}` }],
    [{ ...own, seal: `0x${"ff".repeat(32)}` }, second, third],
    [second, third],
  ];
  for (const set of sets) assert.throws(() => requireCommitments(set, late), { code: "commitments-wrong" });
});

test("each commitment must be signed by its own node", async () => {
  const signed = await Promise.all(
    keys.map((key, index) => signMessage(key, DOMAIN, "Commitment", all[index] as Commitment)),
  );
  await verifyCommitments(DOMAIN, signed);
  const forged = await signMessage(keys[0] as (typeof keys)[0], DOMAIN, "Commitment", second);
  await assert.rejects(verifyCommitments(DOMAIN, [forged]), { code: "signature-invalid" });
});
