// The chain that the settings mean.

import { asChainCall } from "#chain/chain-error.ts";
import { type Chain, connectChain, createChainClient } from "#chain/connect.ts";
import { readDeployment } from "#chain/deployments.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Settings } from "../settings/settings.ts";

/**
 * Reaches the chain and its exchange. Without a chain id the endpoint's own is taken; without an exchange the one known
 * on that chain.
 * @throws `chain-not-set`, `exchange-not-set`, and as connectChain
 */
export async function openChain(settings: Settings, signal: AbortSignal): Promise<Chain> {
  const rpcUrl = requireRpcUrl(settings);
  const chainId = settings.chainId ?? (await readChainId(rpcUrl, signal));
  const known = settings.exchange ? undefined : await readDeployment(settings.home, chainId);
  const exchange = settings.exchange ?? known?.exchange;
  if (!exchange) {
    throw new ProtocolError("not-found", "exchange-not-set", `No exchange is known on chain ${chainId}.`, {
      hint: "Name it with --exchange, or start a local market with mimik up.",
      context: { chainId },
    });
  }
  const deployedAt = settings.deployedAt ?? known?.deployedAt ?? 0;
  return connectChain({ rpcUrl, chainId, exchange, deployedAt, draws: known?.draws }, { signal });
}

/** @throws `chain-not-set` */
export function requireRpcUrl({ rpcUrl }: Settings): string {
  if (rpcUrl) return rpcUrl;
  throw new ProtocolError("not-found", "chain-not-set", "No chain is chosen, and no local market is up.", {
    hint: "Start a local market with mimik up, or name a chain with --rpc-url.",
  });
}

function readChainId(rpcUrl: string, signal: AbortSignal): Promise<number> {
  return asChainCall(rpcUrl, "its chain id", () => createChainClient(rpcUrl, signal).getChainId());
}
