import { once } from "node:events";
import { join } from "node:path";
import { pino } from "pino";
import { parseMarketplaceConfig, readMarketplaceEnvironment } from "#marketplace/config/marketplace-config.ts";
import { startMarketplace } from "#marketplace/start-marketplace.ts";
import type { Handler } from "../../../command/command.ts";
import { toJsonLine } from "../../../command/print-answer.ts";
import { announceReady } from "../../../program/lifetime.ts";
import { openChain } from "../../../session/open-chain.ts";
import { settingsOf } from "../../../session/open-session.ts";
import { VERSION } from "../../../version.ts";
import type { MarketplaceStartOptions } from "./marketplace-start-options.ts";

export const marketplaceStartHandler: Handler<MarketplaceStartOptions> = async (options, context) => {
  const { io, json, signal } = context;
  const settings = await settingsOf(context);
  const chain = (await openChain(settings, signal)).settings;
  const environment = readMarketplaceEnvironment(io.env);
  const config = parseMarketplaceConfig({
    ...environment,
    version: VERSION,
    rpcUrl: chain.rpcUrl,
    chainId: chain.chainId,
    exchange: chain.exchange,
    deployedAt: environment.deployedAt ?? chain.deployedAt,
    home: options.data ?? environment.home ?? join(settings.home, "marketplace"),
    host: options.host ?? environment.host,
    port: options.port ?? environment.port,
    confirmations: options.confirmations ?? environment.confirmations,
  });
  const logger = pino({ base: { program: "marketplace" } }, pino.destination({ dest: 2, sync: true }));
  await using marketplace = await startMarketplace(config, { logger, signal });
  const { url } = marketplace;
  if (json) io.err(toJsonLine({ url }));
  else io.err(`The marketplace and its dashboard are at ${url}. Stop it with Ctrl-C.\n`);
  announceReady(url);
  if (!signal.aborted) await once(signal, "abort");
  return { json: { url, stopped: true }, text: "" };
};
