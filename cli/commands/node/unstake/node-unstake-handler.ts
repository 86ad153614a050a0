import { startUnbondingCall } from "#chain/calls.ts";
import { random32 } from "#client/random.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { formatShares } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { chosenNode, requireNode, requireOwner } from "../../../session/chosen-node.ts";
import { openSession } from "../../../session/open-session.ts";
import { freeAt, whenFree } from "../../../session/when-free.ts";
import type { NodeUnstakeOptions } from "./node-unstake-options.ts";

export const nodeUnstakeHandler: Handler<NodeUnstakeOptions> = async ({ shares: wanted, ...choice }, context) => {
  const node = await chosenNode(choice, context);
  const { chain, account, lane } = await openSession(context);
  const before = await requireNode(chain, node);
  requireOwner(before, account.address);
  const shares = wanted === "all" ? before.stake : wanted;
  if (shares === 0n) throw nothingStaked(node);
  context.progress.update(`Taking ${formatShares(shares)} shares back`);
  const call = startUnbondingCall(chain, node, shares);
  const { hash } = await lane.send(`unstake:${random32().slice(2, 18)}`, call);
  const record = await requireNode(chain, node);
  const { stake, unbonding, unbondsAt, frozenUntil, tickets } = record;
  const free = freeAt(record);
  return {
    json: {
      node,
      unstaked: shares,
      stake,
      tickets,
      unbonding,
      unbondsAt,
      frozenUntil,
      freeAt: free,
      transaction: hash,
    },
    text: fields([
      ["node", node],
      ["stake", `${formatShares(stake)} shares`],
      ["unbonding", `${formatShares(unbonding)} shares; free ${await whenFree(chain, free)}`],
      ["then", "mimik node withdraw-stake"],
      ["transaction", hash],
    ]),
  };
};

function nothingStaked(node: string): ProtocolError {
  return new ProtocolError("funds", "nothing-staked", `Node ${node} has no stake to take back.`, {
    hint: "See mimik node show; what is unbonding already comes free by itself.",
    context: { node },
  });
}
