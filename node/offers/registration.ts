// A node serves for the owner to whom the chain binds it. The node agrees with its own key; the owner's wallet registers.
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { type Address, isAddressEqual } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeRegistration, Signed } from "#protocol/signed-messages.ts";
import { signMessage, type TypedDataSigner } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { ChainView } from "../orders/chain-view.ts";

/** The node's consent to serve for `owner`, which the owner's wallet sends to the exchange. */
export function signNodeRegistration(
  nodeKey: TypedDataSigner,
  domain: ExchangeDomain,
  owner: Address,
  validUntil: UnixSeconds,
): Promise<Signed<NodeRegistration>> {
  const message = { node: nodeKey.address, owner, validUntil: BigInt(validUntil) };
  return signMessage(nodeKey, domain, "NodeRegistration", message);
}

/**
 * Whether the chain binds the node to `owner`.
 * @throws `node-owned-by-other`, since a binding is for ever; `chain-unreachable`
 */
export async function isRegistered(chain: ChainView, node: Address, owner: Address): Promise<boolean> {
  const record = await chain.readNode(node);
  if (!record) return false;
  if (isAddressEqual(record.owner, owner)) return true;
  throw new ProtocolError("conflict", "node-owned-by-other", `The node ${node} serves for ${record.owner} for ever.`, {
    hint: "Set that owner, or give this node a home directory of its own, and so a new key.",
    context: { node, owner: record.owner, configured: owner },
  });
}

export interface RegistrationWait {
  readonly chain: ChainView;
  readonly node: Address;
  readonly owner: Address;
  readonly home: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Waits until the node is registered, and says once what to do about it. @throws `node-owned-by-other`; the signal's reason */
export async function waitForRegistration({ chain, node, owner, home, log, signal }: RegistrationWait): Promise<void> {
  let said: string | undefined;
  for (let wait: number = NODE_LIMITS.retryMillisMin; ; wait = Math.min(wait * 2, NODE_LIMITS.retryMillisMax)) {
    const problem = await isRegistered(chain, node, owner).then(
      (registered) => (registered ? undefined : "node-not-registered"),
      (error: unknown) => {
        if (error instanceof ProtocolError && error.retryable) return error.message;
        throw error;
      },
    );
    signal.throwIfAborted();
    if (problem === undefined) return;
    if (said !== problem) {
      const next =
        problem === "node-not-registered"
          ? `Register it from the owner's wallet: mimik node register --node-home ${home}`
          : "The node tries again by itself.";
      log.warn({ node, owner, problem, next }, "the node takes no orders yet");
    }
    said = problem;
    await sleep(wait, undefined, { signal, ref: false });
  }
}
