// Whether an account can pay for what its consumer is about to begin, told before anything is begun.
import type { Address } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Amount, formatAmount } from "#protocol/units.ts";
import type { Ledger } from "../ledger.ts";

/**
 * @param needed base units
 * @param what it is needed for, as in "a lease needs 5"
 * @throws `account-underfunded`
 */
export async function requireBalance(
  ledger: Pick<Ledger, "balanceOf">,
  account: Address,
  needed: Amount,
  what: string,
): Promise<void> {
  const balance = await ledger.balanceOf(account);
  if (balance >= needed) return;
  const message = `Account ${account} holds ${formatAmount(balance)}, ${what} needs ${formatAmount(needed)}.`;
  throw new ProtocolError("funds", "account-underfunded", message, {
    hint: "Deposit the difference: mimik wallet fund.",
    context: { account, balance, needed },
  });
}
