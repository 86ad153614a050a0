// The settlement of an order that somebody else has sent: by itself, or in a claim with others.
import { type Address, type Hex, isAddressEqual, type Log, parseEventLogs } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import { readNode } from "#chain/read-node.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Payment, Settlement } from "../ledger.ts";
import { CLIENT_LIMITS } from "../limits.ts";

/**
 * A claim pays for several orders together; then no payment is told for the one.
 * @throws `settlement-elsewhere` when it cannot be found any more, `chain-unreachable`
 */
export async function findSettlement(chain: Chain, lease: Hex, orderId: Hex): Promise<Settlement> {
  const { client, settings } = chain;
  const floor = BigInt(settings.deployedAt ?? 0);
  const span = BigInt(CLIENT_LIMITS.searchBlocks);
  let toBlock = await asChainCall(settings.rpcUrl, "the latest block", () => client.getBlockNumber());
  for (let tries = 0; tries < CLIENT_LIMITS.searches && toBlock >= floor; tries++) {
    const fromBlock = toBlock - span >= floor ? toBlock - span + 1n : floor;
    const found = await findIn(chain, { fromBlock, toBlock }, lease, orderId);
    if (found) return found;
    toBlock = fromBlock - 1n;
  }
  throw new ProtocolError("not-found", "settlement-elsewhere", `Order ${orderId} was settled too long ago to show.`, {
    hint: "Nothing to do: it is paid. A marketplace's index still shows by whom.",
    context: { order: orderId },
  });
}

interface BlockRange {
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
}

async function findIn(chain: Chain, blocks: BlockRange, lease: Hex, orderId: Hex): Promise<Settlement | undefined> {
  const { client, settings } = chain;
  const range = { address: settings.exchange, abi: exchangeAbi, ...blocks, strict: true } as const;
  const paymentsFor = async (id: Hex) => {
    const paid = await asChainCall(settings.rpcUrl, "the payments", () =>
      client.getContractEvents({ ...range, eventName: "NodePaid", args: { orderId: id } }),
    );
    return paymentsIn(chain, paid, id);
  };
  const [settled] = await asChainCall(settings.rpcUrl, "the settlement", () =>
    client.getContractEvents({ ...range, eventName: "OrderSettled", args: { orderId } }),
  );
  if (settled) return { transaction: settled.transactionHash, payments: await paymentsFor(orderId) };
  const claims = await asChainCall(settings.rpcUrl, "the claims", () =>
    client.getContractEvents({ ...range, eventName: "OrdersClaimed", args: { leaseId: lease } }),
  );
  const claim = claims.find(({ args }) => args.orderIds.includes(orderId));
  if (!claim) return undefined;
  const isAlone = claim.args.orderIds.length === 1;
  return { transaction: claim.transactionHash, payments: isAlone ? await paymentsFor(claim.args.claimId) : [] };
}

/** What the logs say that nodes of the order or claim were paid. */
export async function paymentsIn(chain: Chain, logs: readonly Log[], orderId: Hex): Promise<readonly Payment[]> {
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
