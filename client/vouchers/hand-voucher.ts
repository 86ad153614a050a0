// Brings the voucher that stands to the nodes of its lease. It is in the lease's file before it is signed, so whoever
// hands it over again after a crash hands over the same one.
import { privateKeyToAccount } from "viem/accounts";
import { hasSeat } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed, Voucher } from "#protocol/signed-messages.ts";
import { signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { ClientWorld } from "../client-world.ts";
import { isFault, withRetries } from "../order/with-retries.ts";
import type { VoucherRefusal } from "../store/job-record.ts";
import { isSame, lackingNodes, type PayerLease, proofsFor, withHolder, withNextVoucher } from "./payer-account.ts";
import { changePayer, payerLease, readPayer } from "./read-payer.ts";

export type HandingWorld = Pick<ClientWorld, "ledger" | "store" | "clock" | "connectNode" | "signal">;

/** Refusals of a voucher that another one, or a moment, may lift. */
const MAY_LIFT = ["forced-since", "voucher-stale", "voucher-covers-open-order", "lease-not-live"];

/**
 * Hands the voucher that stands to every node that lacks it, again and again until `until`.
 * @param offers of the committee, as far as they are known; also for the nodes, which need each other to clear
 * @returns why each node that then still lacks it does
 */
export async function handVouchers(
  world: HandingWorld,
  lease: string,
  offers: readonly Signed<Offer>[],
  until: UnixSeconds,
): Promise<readonly VoucherRefusal[]> {
  const lacking = lackingNodes(await payerLease(world, lease));
  const outcomes = await Promise.all(lacking.map((node) => handInTime(world, { lease, offers, node, until })));
  return outcomes.flatMap((refusal) => refusal ?? []);
}

interface Handing {
  readonly lease: string;
  readonly offers: readonly Signed<Offer>[];
  readonly node: NodeId;
}

async function handInTime(
  world: HandingWorld,
  handing: Handing & { readonly until: UnixSeconds },
): Promise<VoucherRefusal | undefined> {
  const { clock, signal } = world;
  const { node, until } = handing;
  let latest: ProtocolError | undefined;
  const step = async (stepSignal: AbortSignal) => {
    try {
      await handOver(world, handing, stepSignal);
      return {};
    } catch (error) {
      if (error instanceof ProtocolError) latest = error;
      throw error;
    }
  };
  const mayLift = ({ code }: ProtocolError) => MAY_LIFT.includes(code);
  const result = await withRetries(step, { clock, signal, until, node, mayLift });
  if (!isFault(result)) return undefined;
  const detail = latest?.message ?? result.detail;
  return { node, code: latest?.code ?? "voucher-unanswered", detail: detail.slice(0, 1_000) };
}

/**
 * Hands the node the voucher that stands now, though it may have taken it before. A node that counts other forced
 * orders, or holds more, may know of a settlement or of another process of ours: the lease is read again.
 * @throws the node's refusal, `peer-unreachable`, `peer-timeout`
 */
export async function handOver(world: HandingWorld, handing: Handing, signal: AbortSignal): Promise<void> {
  const { lease, node } = handing;
  const handed = await handStanding(world, handing, signal).catch(async (error: unknown) => {
    const isBehind = error instanceof ProtocolError && ["forced-since", "voucher-stale"].includes(error.code);
    if (!isBehind) throw error;
    const before = (await payerLease(world, lease)).payer.signed;
    const { signed } = (await signNext(world, lease)).payer;
    if (!signed || (before && isSame(before, signed))) throw error;
    return await handStanding(world, handing, signal);
  });
  if (handed) await changePayer(world, lease, (record) => withHolder(record, node, handed));
}

/** What the exchange says is noted, and the lease's next voucher stored, if there is more to say. @throws as readPayer */
export function signNext(
  world: Pick<ClientWorld, "ledger" | "store" | "clock">,
  lease: string,
  options: { readonly last?: boolean } = {},
): Promise<PayerLease> {
  return readPayer(world, lease, (record) => withNextVoucher(record, options));
}

async function handStanding(
  { ledger, connectNode, ...world }: HandingWorld,
  { lease, offers, node }: Handing,
  signal: AbortSignal,
): Promise<Voucher | undefined> {
  const record = await payerLease(world, lease);
  const voucher = await signedVoucher(ledger.domain, record);
  if (!voucher) return undefined;
  const offer = offers.find(({ message }) => message.node === node);
  if (!offer) {
    throw new ProtocolError("not-found", "node-unknown", `Nobody said where node ${node} is.`, {
      hint: "Name a marketplace, or the node.",
      context: { node },
    });
  }
  await connectNode(offer.message.endpoint).handVoucher(
    {
      lease: record.terms,
      voucher,
      attestations: [...proofsFor(record, node)],
      offers: offers.filter(({ message }) => hasSeat(record.terms.nodes, message.node)),
    },
    { signal },
  );
  return voucher.message;
}

/** The voucher that stands, with the session key's signature: the same bytes each time. */
export async function signedVoucher(
  domain: ExchangeDomain,
  { payer, sessionKey }: PayerLease,
): Promise<Signed<Voucher> | undefined> {
  return payer.signed ? await signMessage(privateKeyToAccount(sessionKey), domain, "Voucher", payer.signed) : undefined;
}
