// A claim and a clearing of one lease shut each other out: each of them makes the other one's payment impossible. So a
// node has only one of them signed at a time.
import type { Hex } from "viem";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import type { StandingClaim } from "../store/order-record.ts";

interface ClaimReader {
  standingClaims(lease: Hex, now: UnixSeconds): readonly StandingClaim[];
}

/** The claim that the node signed and that could no longer be carried out once this voucher is cleared. */
export function claimVoidedBy(reader: ClaimReader, voucher: Voucher, now: UnixSeconds): StandingClaim | undefined {
  const { lease, upTo, last } = voucher;
  const voids = ({ orders }: StandingClaim) => last || orders.some(({ nonce }) => nonce <= upTo);
  return reader.standingClaims(lease, now).find(voids);
}
