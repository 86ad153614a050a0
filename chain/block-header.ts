// Decides the bytes of which a block's hash is the hash, so that a contract can read what the block says. It never
// trusts an endpoint: bytes that do not give the block's own hash are not handed on.
import { type Hex, hexToBigInt, keccak256, numberToHex, toRlp } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

/** A block as JSON-RPC gives it. Later forks appended fields to the header; earlier blocks lack them. */
export type RpcHeader = Readonly<Record<string, unknown>> & { readonly hash: Hex };

/** Fields in the header's order; a quantity is a number without leading zeros, the others are bytes as they are. */
const FIELDS: readonly (readonly [name: string, kind: "bytes" | "quantity"])[] = [
  ["parentHash", "bytes"],
  ["sha3Uncles", "bytes"],
  ["miner", "bytes"],
  ["stateRoot", "bytes"],
  ["transactionsRoot", "bytes"],
  ["receiptsRoot", "bytes"],
  ["logsBloom", "bytes"],
  ["difficulty", "quantity"],
  ["number", "quantity"],
  ["gasLimit", "quantity"],
  ["gasUsed", "quantity"],
  ["timestamp", "quantity"],
  ["extraData", "bytes"],
  ["mixHash", "bytes"],
  ["nonce", "bytes"],
  ["baseFeePerGas", "quantity"],
  ["withdrawalsRoot", "bytes"],
  ["blobGasUsed", "quantity"],
  ["excessBlobGas", "quantity"],
  ["parentBeaconBlockRoot", "bytes"],
  ["requestsHash", "bytes"],
  ["blockAccessListHash", "bytes"],
];

/** RLP of the header. @throws `header-unencodable` when it does not hash to the block's hash */
export function encodeHeader(block: RpcHeader): Hex {
  const present = FIELDS.flatMap(([name, kind]) => {
    const value = block[name];
    if (typeof value !== "string") return [];
    return [kind === "bytes" ? (value as Hex) : quantity(value as Hex)];
  });
  const header = toRlp(present);
  if (keccak256(header) === block.hash) return header;
  throw new ProtocolError("rejected", "header-unencodable", `The header of block ${block.hash} cannot be rebuilt.`, {
    hint: "The chain's headers have fields that this program does not know: use a newer one, or another endpoint.",
    context: { block: block.hash, rebuilt: keccak256(header) },
    retryable: false,
  });
}

/** RLP of the block's header; undefined when there is no such block yet. @throws `header-unencodable`, `chain-unreachable` */
export async function readHeader({ client, settings }: Chain, blockNumber: number): Promise<Hex | undefined> {
  // Not by `getBlock`, whose types leave out the fields of later forks.
  const block = await asChainCall(settings.rpcUrl, "the block", () =>
    client.request({ method: "eth_getBlockByNumber", params: [numberToHex(blockNumber), false] }),
  );
  return block?.hash ? encodeHeader({ ...block, hash: block.hash }) : undefined;
}

function quantity(value: Hex): Hex {
  const number = hexToBigInt(value);
  return number === 0n ? "0x" : numberToHex(number);
}
