import { buildBid } from "#client/bid/build-bid.ts";
import { gatherOffers, newestOffers } from "#client/committee/gather-offers.ts";
import { jobTerms } from "#client/job-terms.ts";
import { quotedPrice } from "#client/quote/price-cap.ts";
import { type Quote, quoteJobs, totalUsage } from "#client/quote/quote.ts";
import { random32 } from "#client/random.ts";
import { matchBid } from "#protocol/matching.ts";
import { formatAmount } from "#protocol/units.ts";
import type { PackedImage } from "#runtime/image/image.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import type { Handler } from "../../command/command.ts";
import type { CommandContext } from "../../command/command-context.ts";
import { fields } from "../../command/table.ts";
import { openMarketplace, settingsOf } from "../../session/open-session.ts";
import { readImage } from "../../session/read-image.ts";
import { readRequests } from "../../session/read-requests.ts";
import { showProgress } from "../../session/show-progress.ts";
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
  const quote = await quoteJobs({ runtime, image, requests, limits, virtualTimeMillis, onProgress, signal });
  const usage = totalUsage(quote.usage);
  const market = settings.marketplace ? await priceAt(context, options, packed, quote) : undefined;
  return {
    json: { image: packed.digest, jobs: quote.jobs.length, usage, runtime: RUNTIME_ID, ...(market && { market }) },
    text: fields([
      ["image", packed.digest],
      ["fuel", usage.fuel.toString()],
      ["memory", `${usage.memoryPages} pages of 64 KiB`],
      ["bytes", `${usage.bytesIn} in, ${usage.bytesOut} out`],
      ["events", String(usage.events)],
      ["price", market ? priceLine(market) : "unknown: no marketplace is chosen"],
    ]),
  };
};

interface MarketPrice {
  readonly total: bigint | null;
  readonly nodes: readonly { readonly node: string; readonly price: bigint }[];
  readonly failure?: string;
}

/** What a committee would ask now. Offers change: what is signed in a bid is only the most that is paid. */
async function priceAt(
  context: CommandContext,
  options: QuoteOptions,
  image: PackedImage,
  quote: Quote,
): Promise<MarketPrice> {
  const offers = await gatherOffers(openMarketplace(await settingsOf(context)), context.signal);
  const now = Math.floor(Date.now() / 1_000);
  const consumer = `0x${"00".repeat(20)}` as const;
  const terms = jobTerms(options.terms);
  const bid = buildBid({ consumer, image: image.digest, runtime: RUNTIME_ID, terms, quote, salt: random32(), now });
  const match = matchBid(
    bid,
    newestOffers(offers).map(({ message }) => message),
    { now },
  );
  const nodes = match.committee.map(({ node, rates }) => ({ node, price: quotedPrice(quote, rates) }));
  if (match.failure) return { total: null, nodes, failure: match.failure.detail };
  return { total: nodes.reduce((sum, { price }) => sum + price, 0n), nodes };
}

function priceLine({ total, nodes, failure }: MarketPrice): string {
  if (total === null) return `unknown: ${failure}`;
  return `${formatAmount(total)} for ${nodes.length} nodes`;
}
