// The consumer's view of the chain over chain/: reads, and transactions through a lane that never repeats one.
import type { Address } from "viem";
import { clearingOutcome } from "#chain/batch-outcome.ts";
import { clearCall, closeLeaseCall, openLeaseCall, settleCall } from "#chain/calls.ts";
import type { Chain } from "#chain/connect.ts";
import { readBalance } from "#chain/read-account.ts";
import { isOrderSettled, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import type { TransactionLane } from "#chain/transaction-lane.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { signingHash } from "#protocol/signing.ts";
import type { Ledger } from "../ledger.ts";
import { findForced } from "./find-forced.ts";
import { findSettlement, paymentsIn } from "./find-settlement.ts";

export type Sender = Pick<TransactionLane, "send">;

/** `signal` ends waiting; a transaction that was sent goes on. */
export function chainLedger(chain: Chain, lane: Sender, signal: AbortSignal): Ledger {
  const send: Sender["send"] = (key, call) => lane.send(key, call, { signal });
  const addresses = { chainId: chain.domain.chainId, exchange: chain.domain.exchange.toLowerCase() as Address };
  return {
    domain: addresses,
    graceSeconds: chain.graceSeconds,
    time: () => readTime(chain),
    ownerOf: async (node) => (await readNode(chain, node))?.owner,
    balanceOf: (account) => readBalance(chain, account),
    leaseOf: (lease) => readLease(chain, lease),
    isSettled: (lease, nonce) => isOrderSettled(chain, lease, nonce),
    openLease: async (terms, lease, amount, expiry) => {
      try {
        // A later expiry is another call: after a crash the first may still be on its way, and the contract opens once.
        return (await send(`open:${lease}:${expiry}`, openLeaseCall(chain, terms, amount, expiry))).hash;
      } catch (error) {
        if (error instanceof ProtocolError && error.code === "lease-already-opened") return undefined;
        throw error;
      }
    },
    closeLease: async (terms, lease) => (await send(`close:${lease}`, closeLeaseCall(chain, terms))).hash,
    settle: async (terms, order, attestations) => {
      const orderId = signingHash(addresses, "JobOrder", order.message);
      const { lease, nonce } = order.message;
      if (await isOrderSettled(chain, lease, nonce)) return findSettlement(chain, lease, orderId);
      try {
        // The whole committee's attestations and a quorum's are two calls; the contract takes one of them.
        const key = `settle:${orderId}:${attestations.length}`;
        const { hash, receipt } = await send(key, settleCall(chain, terms, order, attestations));
        return { transaction: hash, payments: await paymentsIn(chain, receipt.logs, orderId) };
      } catch (error) {
        if (error instanceof ProtocolError && error.code === "nonce-used") return findSettlement(chain, lease, orderId);
        throw error;
      }
    },
    forced: (lease, orderId) => findForced(chain, lease, orderId),
    clear: async (batch, bytes) => {
      const { hash, receipt } = await send(`clear:${batch}`, clearCall(chain, bytes));
      return { transaction: hash, closed: clearingOutcome(chain, receipt.logs)?.closed ?? [] };
    },
  };
}
