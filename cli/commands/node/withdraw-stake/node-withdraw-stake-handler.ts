import { finishUnbondingCall } from "#chain/calls.ts";
import type { Chain } from "#chain/connect.ts";
import { readHolding } from "#chain/read-vault.ts";
import type { SentCall } from "#chain/transaction-lane.ts";
import { random32 } from "#client/random.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { formatAmount, formatShares, type NodeId } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { date, fields } from "../../../command/table.ts";
import { timeLeft } from "../../../command/time-left.ts";
import { chosenNode, requireNode } from "../../../session/chosen-node.ts";
import { openSession, type WalletSession } from "../../../session/open-session.ts";
import type { NodeWithdrawStakeOptions } from "./node-withdraw-stake-options.ts";

export const nodeWithdrawStakeHandler: Handler<NodeWithdrawStakeOptions> = async (choice, context) => {
  const node = await chosenNode(choice, context);
  const session = await openSession(context);
  const { chain } = session;
  const { owner, unbonding } = await requireNode(chain, node);
  context.progress.update("Withdrawing the stake");
  const { hash } = await finishUnbonding(session, node);
  const held = await readHolding(chain, owner);
  return {
    json: { node, owner, withdrawn: unbonding, ...held, transaction: hash },
    text: fields([
      ["node", node],
      ["withdrawn", `${formatShares(unbonding)} shares to ${owner}`],
      [
        "shares",
        `${formatShares(held.shares)}, worth ${formatAmount(held.worth)} tokens; mimik share redeem sells them`,
      ],
      ["transaction", hash],
    ]),
  };
};

async function finishUnbonding({ chain, lane }: WalletSession, node: NodeId): Promise<SentCall> {
  try {
    return await lane.send(`withdraw-stake:${random32().slice(2, 18)}`, finishUnbondingCall(chain, node));
  } catch (error) {
    throw error instanceof ProtocolError && error.code === "stake-locked" ? await tooEarly(chain, node, error) : error;
  }
}

/** The contract's refusal in plain words, with what keeps the stake. */
async function tooEarly(chain: Chain, node: NodeId, cause: ProtocolError): Promise<ProtocolError> {
  const [until, time] = [Number(cause.context.until), Number(cause.context.time)];
  const { unbondsAt, frozenUntil } = await requireNode(chain, node);
  const why = frozenUntil > unbondsAt ? "it is frozen over a disputed order" : "it is still unbonding";
  const left = timeLeft(until - time);
  const message = `The stake of node ${node} comes free in ${left}, ${date(until)} UTC: ${why}.`;
  return new ProtocolError(cause.category, cause.code, message, {
    hint: `Run mimik node withdraw-stake again in ${left}.`,
    context: { ...cause.context, unbondsAt, frozenUntil },
    cause,
  });
}
