import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Hex, parseSignature, serializeCompactSignature, signatureToCompactSignature, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { signMessage, verifySignature } from "#protocol/signing.ts";

const domain = { chainId: 31_337, exchange: `0x${"aa".repeat(20)}` } as const;
const signer = privateKeyToAccount(generatePrivateKey());
const message = { order: `0x${"01".repeat(32)}`, node: signer.address, seal: `0x${"02".repeat(32)}` } as const;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

test("a signature is good for its signer, message, chain and contract alone", async () => {
  const signed = await signMessage(signer, domain, "Commitment", message);
  await verifySignature(domain, "Commitment", signed, signer.address);
  const stranger = privateKeyToAccount(generatePrivateKey()).address;
  const refused = { code: "signature-invalid", category: "unauthorized" };
  await assert.rejects(verifySignature(domain, "Commitment", signed, stranger), refused);
  const changed = { ...signed, message: { ...message, seal: `0x${"03".repeat(32)}` as Hex } };
  await assert.rejects(verifySignature(domain, "Commitment", changed, signer.address), refused);
  await assert.rejects(verifySignature({ ...domain, chainId: 1 }, "Commitment", signed, signer.address), refused);
  await assert.rejects(
    verifySignature({ ...domain, exchange: `0x${"bb".repeat(20)}` }, "Commitment", signed, signer.address),
    refused,
  );
});

test("the compact form is accepted, the malleable twin is not", async () => {
  const signed = await signMessage(signer, domain, "Commitment", message);
  const { r, s, yParity } = parseSignature(signed.signature);
  const compact = serializeCompactSignature(signatureToCompactSignature(parseSignature(signed.signature)));
  await verifySignature(domain, "Commitment", { message, signature: compact }, signer.address);
  const high = toHex(CURVE_ORDER - BigInt(s), { size: 32 });
  const twin = `${r}${high.slice(2)}${yParity === 0 ? "1c" : "1b"}` as Hex;
  await assert.rejects(verifySignature(domain, "Commitment", { message, signature: twin }, signer.address), {
    code: "signature-invalid",
  });
});

test("bytes that are no signature are refused, never thrown on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 70 }), async (bytes) => {
      await assert.rejects(
        verifySignature(domain, "Commitment", { message, signature: toHex(bytes) }, signer.address),
        {
          code: "signature-invalid",
        },
      );
    }),
    { numRuns: 60 },
  );
});
