import { quoteJobs, totalUsage } from "#client/quote/quote.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import type { Handler } from "../../command/command.ts";
import { fields } from "../../command/table.ts";
import { settingsOf } from "../../session/open-session.ts";
import { readImage } from "../../session/read-image.ts";
import { readRequests } from "../../session/read-requests.ts";
import { showProgress } from "../../session/show-progress.ts";
import { priceAtMarket, priceLines } from "./market-price.ts";
import type { QuoteOptions } from "./quote-options.ts";

export const quoteHandler: Handler<QuoteOptions> = async (options, context) => {
  const settings = await settingsOf(context);
  const requests = await readRequests(context.io, options.request);
  const packed = await readImage(options.path);
  const image = await openImage(packed.digest, async (digest) => packed.blobs.get(digest) ?? new Uint8Array());
  await using runtime = await createRuntime({ executors: 1 });
  const { progress, signal } = context;
  const virtualTimeMillis = Date.now();
  const onProgress = showProgress(progress);
  const { limits } = options;
  const startedAt = performance.now();
  const quote = await quoteJobs({ runtime, image, requests, limits, virtualTimeMillis, onProgress, signal });
  const millis = performance.now() - startedAt;
  const usage = totalUsage(quote.usage);
  const market = settings.marketplace
    ? await priceAtMarket(context, options, { image: packed, quote, millis })
    : undefined;
  return {
    json: { image: packed.digest, jobs: quote.jobs.length, usage, runtime: RUNTIME_ID, ...(market && { market }) },
    text: fields([
      ["image", packed.digest],
      ["fuel", usage.fuel.toString()],
      ["memory", `${usage.memoryPages} pages of 64 KiB`],
      ["bytes", `${usage.bytesIn} in, ${usage.bytesOut} out`],
      ["events", String(usage.events)],
      ...(market ? priceLines(market) : [["price", "unknown: no marketplace is chosen"] as const]),
    ]),
  };
};
