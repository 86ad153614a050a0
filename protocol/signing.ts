// Decides the hash under which each message is signed, and whether a signature is by whom it says. It never holds a
// key: whoever signs passes the typed data to its own signer.
import {
  type Address,
  compactSignatureToSignature,
  type Hex,
  hashStruct,
  hashTypedData,
  isAddressEqual,
  parseCompactSignature,
  parseSignature,
  recoverTypedDataAddress,
  serializeCompactSignature,
  serializeSignature,
  signatureToCompactSignature,
} from "viem";
import { ProtocolError } from "./protocol-error.ts";
import type { LeaseTerms, Signed, SignedMessages, SignedType } from "./signed-messages.ts";
import { type ExchangeDomain, TYPES, typedDataDomain } from "./typed-data.ts";
import type { LeaseId } from "./units.ts";

/** Anything that signs typed data: a viem account, a keystore, a hardware wallet. */
export interface TypedDataSigner {
  readonly address: Address;
  signTypedData(parameters: ReturnType<typeof toSignable>): Promise<Hex>;
}

/** The one object from which viem, ethers, wallets and the contract derive the same hash. */
export function toSignable<Name extends SignedType>(
  domain: ExchangeDomain,
  primaryType: Name,
  message: SignedMessages[Name],
) {
  return {
    domain: typedDataDomain(domain),
    types: TYPES as unknown as Record<string, readonly { name: string; type: string }[]>,
    primaryType: primaryType as string,
    message: message as unknown as Record<string, unknown>,
  };
}

/** The EIP-712 digest that is signed; it also names orders, offers and bids. */
export function signingHash<Name extends SignedType>(
  domain: ExchangeDomain,
  primaryType: Name,
  message: SignedMessages[Name],
): Hex {
  return hashTypedData(toSignable(domain, primaryType, message));
}

/** Signs `message` with `signer`. */
export async function signMessage<Name extends SignedType>(
  signer: TypedDataSigner,
  domain: ExchangeDomain,
  primaryType: Name,
  message: SignedMessages[Name],
): Promise<Signed<SignedMessages[Name]>> {
  return { message, signature: await signer.signTypedData(toSignable(domain, primaryType, message)) };
}

/**
 * Checks that `signature` over `message` is by `signer`.
 * @throws `signature-invalid`
 */
export async function verifySignature<Name extends SignedType>(
  domain: ExchangeDomain,
  primaryType: Name,
  signed: Signed<SignedMessages[Name]>,
  signer: Address,
): Promise<void> {
  let recovered: Address | undefined;
  try {
    recovered = await recoverTypedDataAddress({
      ...toSignable(domain, primaryType, signed.message),
      signature: requireCanonicalSignature(signed.signature),
    });
  } catch (cause) {
    throw invalidSignature(primaryType, signer, recovered, cause);
  }
  if (!isAddressEqual(recovered, signer)) throw invalidSignature(primaryType, signer, recovered);
}

/** The lease id: the terms' struct hash, which needs no domain since orders carry one. */
export function leaseIdOf(terms: LeaseTerms): LeaseId {
  return hashStruct({
    types: { Lease: TYPES.Lease },
    primaryType: "Lease",
    data: terms,
  }) as LeaseId;
}

/** The 64 bytes of EIP-2098, as packed calldata has it. @throws when it is neither 64 nor 65 bytes, or has a high `s` */
export function compactSignature(signature: Hex): Hex {
  const whole = requireCanonicalSignature(signature);
  return serializeCompactSignature(signatureToCompactSignature(parseSignature(whole)));
}

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The contract takes no malleable signature, so neither do we: `s` in the lower half of the curve's order. */
function requireCanonicalSignature(signature: Hex): Hex {
  const bytes = (signature.length - 2) / 2;
  if (bytes === 64) return serializeSignature(compactSignatureToSignature(parseCompactSignature(signature)));
  if (bytes !== 65) throw new Error(`Signature of ${bytes} bytes`);
  if (BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER) throw new Error("Signature with high s");
  return signature;
}

function invalidSignature(type: string, expected: Address, recovered?: Address, cause?: unknown): ProtocolError {
  return new ProtocolError("unauthorized", "signature-invalid", `The ${type} is not signed by ${expected}.`, {
    hint: "Sign it with that key, for this chain and this exchange contract.",
    context: { expected, recovered: recovered ?? null },
    cause,
  });
}
