// What a node publishes of its results with a call that forces payment, so that a consumer that reached no node still
// gets what it pays for. A result that is not here any more must not keep the node from its money.
import { LIMITS } from "#protocol/limits.ts";
import { chooseRows, type PublishedResult, type PublishedRow } from "#protocol/publication.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import type { AttestedOrder } from "../store/order-record.ts";

/**
 * The rows for a call that pays for these orders, in the order of the call; undefined when nothing is published.
 * @param bytesMax what the node spends on it
 */
export async function rowsToPublish(
  parts: OrderParts,
  orders: readonly AttestedOrder[],
  bytesMax: number,
): Promise<readonly PublishedRow[] | undefined> {
  const publishable = await Promise.all(
    orders.map(async ({ order, resultHash }) => ({ resultHash, result: await resultOf(parts, order) })),
  );
  const rows = chooseRows(publishable, bytesMax);
  const published = rows?.filter(({ kind }) => kind === "result").length ?? 0;
  const ids = orders.map(({ order }) => order);
  parts.log.info({ orders: ids, published, of: orders.length, bytesMax }, "results published with the payment");
  return rows;
}

/** Undefined for one that is too large, or whose responses are gone. */
async function resultOf(
  { reader, blobs }: OrderParts,
  order: AttestedOrder["order"],
): Promise<PublishedResult | undefined> {
  const receipts = reader.result(order)?.receipts;
  if (!receipts) return undefined;
  const bytes = receipts.reduce((sum, { usage }) => sum + usage.bytesOut, 0);
  if (bytes > LIMITS.publishedResultBytes) return undefined;
  try {
    const responses = await Promise.all(receipts.map(({ response }) => blobs.read(response)));
    return receipts.every(({ usage }, index) => usage.bytesOut === responses[index]?.length)
      ? { receipts, responses }
      : undefined;
  } catch {
    return undefined;
  }
}
