// The routes by which work is paid without a transaction for each order. Whoever holds a signed voucher may bring it:
// its signature is the right, so there is no token.
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import { clearingProposal, clearingSignature, voucherStanding, voucherSubmission } from "#protocol/node-api.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { coSign } from "../vouchers/co-sign.ts";
import { takeVoucher } from "../vouchers/take-voucher.ts";

export function addVoucherRoutes(api: Api, parts: OrderParts): void {
  addRoute(
    api,
    {
      method: "post",
      path: "/v1/vouchers",
      summary: "Hand over a lease's voucher. The same one again answers what the node holds.",
      body: voucherSubmission,
      answer: voucherStanding,
    },
    ({ body }) => takeVoucher(parts, body),
  );
  addRoute(
    api,
    {
      method: "post",
      path: "/v1/clearings",
      summary: "Ask for the node's signature under a clearing of vouchers that it holds.",
      body: clearingProposal,
      answer: clearingSignature,
    },
    ({ body }) => coSign(parts, body),
  );
}
