import { registerNodeCall } from "#chain/calls.ts";
import { readNode } from "#chain/read-node.ts";
import { random32 } from "#client/random.ts";
import { openNodeKey } from "#node/keys/open-node-key.ts";
import { signNodeRegistration } from "#node/offers/registration.ts";
import { formatShares } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { nodeConfigOf } from "../../../session/node-settings.ts";
import { openSession } from "../../../session/open-session.ts";
import { stakeTokens } from "../../../session/stake-tokens.ts";
import type { NodeRegisterOptions } from "./node-register-options.ts";

/** Long enough for the transaction to be mined on a busy chain. */
const CONSENT_SECONDS = 3_600;

export const nodeRegisterHandler: Handler<NodeRegisterOptions> = async ({ node: flags, stake }, context) => {
  const { chain, account, lane } = await openSession(context);
  const owner = account.address.toLowerCase() as `0x${string}`;
  const config = await nodeConfigOf({ ...flags, owner }, context);
  // Made here where the node has not been started yet.
  const { account: key } = await openNodeKey(config);
  const node = key.address.toLowerCase() as `0x${string}`;
  const known = await readNode(chain, node);
  const registered = known?.owner.toLowerCase() === owner;
  let transaction: `0x${string}` | null = null;
  if (!registered) {
    context.progress.update("Registering the node");
    const consent = await signNodeRegistration(
      key,
      chain.domain,
      owner,
      Math.floor(Date.now() / 1_000) + CONSENT_SECONDS,
    );
    transaction = (await lane.send(`register:${node}:${random32().slice(2, 10)}`, registerNodeCall(chain, consent)))
      .hash;
  }
  if (stake) await stakeTokens(chain, lane, { owner, node, amount: stake });
  const staked = (await readNode(chain, node))?.stake ?? 0n;
  return {
    json: { node, owner, transaction, alreadyRegistered: registered, stake: staked },
    text: fields([
      ["node", node],
      ["owner", owner],
      ["stake", `${formatShares(staked)} shares`],
      ["registered", transaction ?? "already"],
    ]),
  };
};
