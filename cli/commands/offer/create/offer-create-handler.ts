import { openKey } from "#chain/keystore.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { httpNodeClient } from "#mesh/node-client.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { nodePassword } from "../../../session/node-password.ts";
import { nodeConfigOf } from "../../../session/node-settings.ts";
import type { OfferCreateOptions } from "./offer-create-options.ts";

export const offerCreateHandler: Handler<OfferCreateOptions> = async ({ node: flags, validSeconds }, context) => {
  const config = await nodeConfigOf(flags, context);
  requireMarketplace(config.marketplaces);
  const key = await openKey(config.key.file, await nodePassword(config));
  const endpoint = config.endpoint ?? `http://${config.listen.host}:${config.listen.port}`;
  // What the node itself says it runs: an offer of anything else would only be refused later.
  const info = await httpNodeClient(endpoint).info({ signal: context.signal });
  const node = key.address.toLowerCase() as Offer["node"];
  if (info.node !== node) throw otherNode(endpoint, info.node, node);
  const now = Math.floor(Date.now() / 1_000);
  const offer: Offer = {
    node,
    owner: config.owner,
    endpoint,
    runtime: info.runtime,
    isolation: info.isolation,
    scopes: config.scopes,
    slots: info.slots.free,
    memoryPages: config.memoryPages,
    rates: config.rates,
    sequence: sequenceAfter(info.offer?.message.sequence, now),
    validFrom: now,
    validUntil: now + Math.min(validSeconds, LIMITS.statementSecondsMax),
  };
  const { chainId, exchange } = config.chain;
  const signed = await signMessage(key, { chainId, exchange }, "Offer", offer);
  for (const url of config.marketplaces) await httpMarketplaceClient(url).postOffer(signed, { signal: context.signal });
  const id = signingHash({ chainId, exchange }, "Offer", offer);
  return {
    json: { id, offer: signed, marketplaces: config.marketplaces },
    text: fields([
      ["offer", id],
      ["node", node],
      ["endpoint", endpoint],
      ["until", new Date(offer.validUntil * 1_000).toISOString()],
      ...config.marketplaces.map((url) => ["posted to", url] as const),
    ]),
  };
};

/** Higher than the node's own, in the same count: nodes number their offers by the time at least. */
function sequenceAfter(own: bigint | undefined, now: number): bigint {
  const next = (own ?? 0n) + 1n;
  return next > BigInt(now) ? next : BigInt(now);
}

function requireMarketplace(marketplaces: readonly string[]): void {
  if (marketplaces.length > 0) return;
  throw new ProtocolError("not-found", "marketplace-not-set", "No marketplace is chosen to post the offer to.", {
    hint: "Name one with --marketplace or in node.toml.",
  });
}

function otherNode(endpoint: string, found: string, expected: string): ProtocolError {
  return new ProtocolError("conflict", "endpoint-of-other-node", `${endpoint} is the node ${found}, not ${expected}.`, {
    hint: "Name this node's own URL with --endpoint.",
    context: { endpoint, found, expected },
  });
}
