import { transferTokensCall, withdrawCall } from "#chain/calls.ts";
import { openKey } from "#chain/keystore.ts";
import { readBalance, readTokenBalance } from "#chain/read-account.ts";
import { openLane } from "#chain/transaction-lane.ts";
import { random32 } from "#client/random.ts";
import { nodeJournalPath } from "#node/vouchers/exchange-clearings.ts";
import { formatAmount, type NodeId } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { nodeOnDisk, requireNode } from "../../../session/chosen-node.ts";
import { nodePassword } from "../../../session/node-password.ts";
import { openChain } from "../../../session/open-chain.ts";
import { settingsOf } from "../../../session/open-session.ts";
import type { NodeSweepOptions } from "./node-sweep-options.ts";

export const nodeSweepHandler: Handler<NodeSweepOptions> = async ({ nodeHome }, context) => {
  const config = await nodeOnDisk(nodeHome, context);
  const key = await openKey(config.key.file, await nodePassword(config));
  const node = key.address.toLowerCase() as NodeId;
  const { signal, progress } = context;
  const chain = await openChain(await settingsOf(context), signal);
  // The owner that the chain knows, and no other: the settings on this machine decide nothing about money.
  const { owner } = await requireNode(chain, node);
  await using lane = await openLane({ chain, account: key, journalPath: nodeJournalPath(config.home) });
  const run = random32().slice(2, 18);
  progress.update("Emptying the node key's account");
  const balance = await readBalance(chain, node);
  if (balance > 0n) await lane.send(`sweep:${run}`, withdrawCall(chain, balance), { signal });
  // With what an earlier sweep withdrew and could not send on.
  const tokens = await readTokenBalance(chain, node);
  const sent =
    tokens > 0n ? await lane.send(`sweep-on:${run}`, transferTokensCall(chain, owner, tokens), { signal }) : undefined;
  return {
    json: { node, owner, swept: tokens, transaction: sent?.hash ?? null },
    text: sent
      ? fields([
          ["node", node],
          ["swept", `${formatAmount(tokens)} tokens to ${owner}`],
          ["transaction", sent.hash],
        ])
      : `Nothing lies with the key of node ${node}.`,
  };
};
