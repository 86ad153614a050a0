// The node that a command is about, and what the chain knows of it.
import { type Address, isAddressEqual, zeroAddress } from "viem";
import type { Chain } from "#chain/connect.ts";
import { readKeyAddress } from "#chain/keystore.ts";
import { type NodeRecord, readNode } from "#chain/read-node.ts";
import type { NodeConfig } from "#node/config/node-config.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeId } from "#protocol/units.ts";
import type { CommandContext } from "../command/command-context.ts";
import type { NodeChoice } from "../command/node-choice.ts";
import { nodeMissing } from "./node-password.ts";
import { nodeConfigOf } from "./node-settings.ts";

/** The settings of this machine's node, for whom no wallet needs to be chosen. @throws as `nodeConfigOf` */
export function nodeOnDisk(nodeHome: string | undefined, context: CommandContext): Promise<NodeConfig> {
  // The chain says who owns the node; the settings alone want an owner.
  return nodeConfigOf({ nodeHome, owner: zeroAddress }, context);
}

/** @throws `node-key-missing`, and as `nodeOnDisk` */
export async function chosenNode({ node, nodeHome }: NodeChoice, context: CommandContext): Promise<NodeId> {
  if (node) return node;
  const { home, key } = await nodeOnDisk(nodeHome, context);
  const address = await readKeyAddress(key.file).catch((cause: unknown) => {
    throw cause instanceof ProtocolError && cause.code === "key-missing" ? nodeMissing(home, cause) : cause;
  });
  return address.toLowerCase() as NodeId;
}

/** @throws `not-stake-owner` as the contract would, before anything is sent */
export function requireOwner({ node, owner }: NodeRecord, account: Address): void {
  if (isAddressEqual(owner, account)) return;
  throw new ProtocolError("rejected", "not-stake-owner", `Node ${node} belongs to ${owner}, not to ${account}.`, {
    hint: "Choose the owner's wallet with --wallet.",
    context: { node, owner, caller: account.toLowerCase() },
  });
}

/** @throws `node-not-registered` */
export async function requireNode(chain: Chain, node: NodeId): Promise<NodeRecord> {
  const record = await readNode(chain, node);
  if (record) return record;
  throw new ProtocolError("not-found", "node-not-registered", `Node ${node} is not registered in this exchange.`, {
    hint: "Register it with mimik node register, or name another with --node.",
    context: { node },
  });
}
