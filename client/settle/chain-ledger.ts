// The consumer's view of the chain over chain/: reads, and transactions through a lane that never repeats one.
import { type Address, type Hex, isAddressEqual, type Log, parseEventLogs } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { clearingOutcome } from "#chain/batch-outcome.ts";
import { clearCall, closeLeaseCall, openLeaseCall, settleCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import { readBalance } from "#chain/read-account.ts";
import { isOrderSettled, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import type { TransactionLane } from "#chain/transaction-lane.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { signingHash } from "#protocol/signing.ts";
import type { Ledger, Payment, Settlement } from "../ledger.ts";

/** How far back a settlement by somebody else is looked for: common endpoints refuse longer ranges. */
const SEARCH_BLOCKS = 10_000n;

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
      if (await isOrderSettled(chain, lease, nonce)) return findSettlement(chain, orderId);
      try {
        // The whole committee's attestations and a quorum's are two calls; the contract takes one of them.
        const key = `settle:${orderId}:${attestations.length}`;
        const { hash, receipt } = await send(key, settleCall(chain, terms, order, attestations));
        return { transaction: hash, payments: await paymentsIn(chain, receipt.logs, orderId) };
      } catch (error) {
        if (error instanceof ProtocolError && error.code === "nonce-used") return findSettlement(chain, orderId);
        throw error;
      }
    },
    clear: async (batch, bytes) => {
      const { hash, receipt } = await send(`clear:${batch}`, clearCall(chain, bytes));
      return { transaction: hash, closed: clearingOutcome(chain, receipt.logs)?.closed ?? [] };
    },
  };
}

/** The settlement that somebody else sent. @throws `settlement-elsewhere` when it cannot be found any more */
async function findSettlement(chain: Chain, orderId: Hex): Promise<Settlement> {
  const { client, settings } = chain;
  const latest = await asChainCall(settings.rpcUrl, "the latest block", () => client.getBlockNumber());
  const floor = BigInt(settings.deployedAt ?? 0);
  const fromBlock = latest - SEARCH_BLOCKS > floor ? latest - SEARCH_BLOCKS : floor;
  const range = { address: settings.exchange, abi: exchangeAbi, fromBlock, toBlock: latest } as const;
  const [settled] = await asChainCall(settings.rpcUrl, "the settlement", () =>
    client.getContractEvents({ ...range, eventName: "OrderSettled", args: { orderId } }),
  );
  if (!settled) {
    throw new ProtocolError("not-found", "settlement-elsewhere", `Order ${orderId} was settled too long ago to show.`, {
      hint: "Nothing to do: it is paid. A marketplace's index still shows by whom.",
      context: { order: orderId },
    });
  }
  const paid = await asChainCall(settings.rpcUrl, "the payments", () =>
    client.getContractEvents({ ...range, eventName: "NodePaid", args: { orderId } }),
  );
  return { transaction: settled.transactionHash, payments: await paymentsIn(chain, paid, orderId) };
}

async function paymentsIn(chain: Chain, logs: readonly Log[], orderId: Hex): Promise<readonly Payment[]> {
  const paid = parseEventLogs({ abi: exchangeAbi, eventName: "NodePaid", logs: [...logs] });
  const own = paid.filter(
    ({ address, args }) => isAddressEqual(address, chain.settings.exchange) && args.orderId === orderId,
  );
  return Promise.all(
    own.map(async ({ args }) => {
      const record = await readNode(chain, args.node);
      return {
        node: args.node.toLowerCase() as Address,
        owner: (record?.owner ?? args.node).toLowerCase() as Address,
        amount: args.amount,
      };
    }),
  );
}
