// Decides whether an endpoint serves the chain and the exchange that the settings name. It never signs, and it never
// tries another endpoint: which one to trust is its user's choice.
import { type Address, createPublicClient, type Hex, http, isAddressEqual, type PublicClient, parseAbi } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { asChainCall, originOf } from "./chain-error.ts";
import { lowerAddresses } from "./lower-addresses.ts";

export interface ChainSettings {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly exchange: Address;
  /** Block of the exchange's deployment, before which there is nothing to follow; 0 when not known. */
  readonly deployedAt?: number;
}

/** The contracts beside the exchange, which itself names them. */
export interface PeerContracts {
  /** The profit share. */
  readonly vault: Address;
  readonly staking: Address;
  readonly draws: Address;
  readonly court: Address;
}

/** What the contracts tell of each other. */
const PEER_ABI = parseAbi([
  "function EXCHANGE() view returns (address)",
  "function VAULT() view returns (address)",
  "function COURT() view returns (address)",
  "function DRAWS() view returns (address)",
  "function STAKING() view returns (address)",
]);

/** A chain that was reached and holds the exchange. Addresses are in lower case, as everything that chain/ returns. */
export interface Chain {
  readonly settings: ChainSettings;
  readonly domain: ExchangeDomain;
  /** The exchange's payment token. */
  readonly token: Address;
  readonly contracts: PeerContracts;
  /** Seconds after a deadline or an expiry in which the exchange still settles. */
  readonly graceSeconds: number;
  /** Hash of block 0: a local chain that was started anew has another one under the same chain id. */
  readonly genesis: Hex;
  readonly client: PublicClient;
}

/** A public client without viem's own cache: a stale block number would hide a reorganisation. */
export function createChainClient(rpcUrl: string, signal?: AbortSignal): PublicClient {
  return createPublicClient({
    transport: http(rpcUrl, {
      retryCount: 2,
      timeout: 10_000,
      ...(signal && { fetchOptions: { signal } }),
    }),
    cacheTime: 0,
  });
}

/**
 * Reaches the chain and checks that it is the one meant. `signal` ends the attempt only.
 * @throws `chain-url-invalid`, `chain-unreachable`, `chain-mismatch`, `exchange-missing`
 */
export async function connectChain(settings: ChainSettings, options: { signal?: AbortSignal } = {}): Promise<Chain> {
  requireUrl(settings.rpcUrl);
  options.signal?.throwIfAborted();
  const probe = createChainClient(settings.rpcUrl, options.signal);
  const call = <T>(name: string, action: () => Promise<T>) =>
    asChainCall(settings.rpcUrl, name, action).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      throw error;
    });
  const chainId = await call("its chain id", () => probe.getChainId());
  if (chainId !== settings.chainId) throw mismatch(settings, chainId);
  const code = await call("the exchange's code", () => probe.getCode({ address: settings.exchange }));
  if (code === undefined || code === "0x") throw missing(settings);
  const target = { address: settings.exchange, abi: exchangeAbi } as const;
  const facts = () =>
    Promise.all([
      probe.readContract({ ...target, functionName: "TOKEN" }),
      probe.readContract({ ...target, functionName: "GRACE" }),
      readPeers(probe, settings.exchange),
    ]);
  const [[token, graceSeconds, contracts], genesis] = await Promise.all([
    call("the exchange's terms", facts).catch((error: unknown) => {
      throw error instanceof ProtocolError && error.code === "chain-unreachable" ? error : missing(settings, error);
    }),
    call("the first block", () => probe.getBlock({ blockNumber: 0n })),
  ]);
  const exchange = lowerAddresses(settings.exchange);
  return {
    settings: { ...settings, exchange },
    domain: { chainId, exchange },
    token: lowerAddresses(token),
    contracts,
    graceSeconds,
    genesis: genesis.hash,
    client: createChainClient(settings.rpcUrl),
  };
}

/** The peers, which must all name the exchange and each other: one that does not could be anybody's. */
async function readPeers(probe: PublicClient, exchange: Address): Promise<PeerContracts> {
  const read = (address: Address, functionName: "EXCHANGE" | "VAULT" | "COURT" | "DRAWS" | "STAKING") =>
    probe.readContract({ address, abi: PEER_ABI, functionName });
  const [vault, staking] = await Promise.all([read(exchange, "VAULT"), read(exchange, "STAKING")]);
  const court = await read(staking, "COURT");
  const draws = await read(court, "DRAWS");
  const named = await Promise.all([
    read(vault, "EXCHANGE"),
    read(staking, "EXCHANGE"),
    read(court, "EXCHANGE"),
    read(staking, "VAULT"),
    read(court, "VAULT"),
    read(court, "STAKING"),
    read(draws, "STAKING"),
    read(draws, "VAULT"),
    read(draws, "COURT"),
  ]);
  const expected = [exchange, exchange, exchange, vault, vault, staking, staking, vault, court];
  if (named.every((address, i) => isAddressEqual(address, expected[i] as Address))) {
    return lowerAddresses({ vault, staking, draws, court });
  }
  throw new Error("The contracts beside the exchange do not all name it and each other.");
}

/** Connects at the first call, and anew at the next one after a failure; everyone who calls meanwhile shares the attempt. */
export function connectLater(settings: ChainSettings): () => Promise<Chain> {
  let connected: Promise<Chain> | undefined;
  return () => {
    connected ??= connectChain(settings).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };
}

function requireUrl(rpcUrl: string): void {
  if (URL.canParse(rpcUrl) && /^https?:$/.test(new URL(rpcUrl).protocol)) return;
  throw new ProtocolError("invalid", "chain-url-invalid", `"${rpcUrl.slice(0, 80)}" is not an HTTP URL.`, {
    hint: "Give the chain endpoint as http:// or https:// and its host.",
  });
}

function mismatch(settings: ChainSettings, found: number): ProtocolError {
  const rpc = originOf(settings.rpcUrl);
  return new ProtocolError(
    "conflict",
    "chain-mismatch",
    `The endpoint ${rpc} serves chain ${found}, the settings say chain ${settings.chainId}.`,
    {
      hint: "Give the endpoint of the chain that you mean, or change the chain id.",
      context: { rpc, found, expected: settings.chainId },
    },
  );
}

function missing(settings: ChainSettings, cause?: unknown): ProtocolError {
  return new ProtocolError(
    "not-found",
    "exchange-missing",
    `There is no exchange at ${settings.exchange} on chain ${settings.chainId}.`,
    {
      hint: "Check the address; a local chain that was started anew needs its contracts deployed again.",
      context: { exchange: settings.exchange, chainId: settings.chainId },
      cause,
    },
  );
}
