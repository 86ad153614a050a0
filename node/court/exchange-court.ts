// The court on the real chain, over the connection and the lane of whoever sends for the node's key.
import type { Hex } from "viem";
import { readHeader } from "#chain/block-header.ts";
import type { ContractCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import * as court from "#chain/court-calls.ts";
import { recordBeaconCall } from "#chain/draw-calls.ts";
import { type Checkpoint, follow } from "#chain/follow.ts";
import { readCase, readJurorKey, readJury } from "#chain/read-case.ts";
import { readCommittee } from "#chain/read-committee.ts";
import { isLeaseDrawn, readDraw } from "#chain/read-draw.ts";
import { readNode } from "#chain/read-node.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { CourtCall, CourtChain } from "./court-chain.ts";

export interface CourtSender {
  readonly chain: () => Promise<Chain>;
  readonly send: (key: string, callOf: (target: Chain) => ContractCall | Promise<ContractCall>) => Promise<Hex>;
}

export function exchangeCourt({ chain, send }: CourtSender): CourtChain {
  return {
    domain: async () => {
      const { settings, contracts } = await chain();
      return { chainId: settings.chainId, court: contracts.court };
    },
    gasPrice: async () => {
      const { client, settings } = await chain();
      return asChainCall(settings.rpcUrl, "the price of gas", () => client.getGasPrice());
    },
    block: async () => {
      const { client, settings } = await chain();
      return Number(await asChainCall(settings.rpcUrl, "the latest block", () => client.getBlockNumber()));
    },
    async *changes(from, signal) {
      const target = await chain();
      const start = from ?? (await headOf(target));
      yield* follow(target, { from: start, signal, confirmations: 0, pollMillis: NODE_LIMITS.courtMillis });
    },
    isDrawn: async (lease) => isLeaseDrawn(await chain(), lease),
    committeeOf: async (lease) => readCommittee(await chain(), lease),
    stakeOf: async (node) => (await readNode(await chain(), node))?.stake ?? 0n,
    jurorKey: async (node) => readJurorKey(await chain(), node),
    caseOf: async (order) => readCase(await chain(), order),
    drawOf: async (subject) => readDraw(await chain(), subject),
    juryOf: async (terms, order) => readJury(await chain(), terms, order),
    send: (key, call) => send(key, (target) => callOf(target, call)),
  };
}

/** A node that follows for the first time has no part in what was before. */
async function headOf({ client, settings }: Chain): Promise<Checkpoint> {
  const head = await asChainCall(settings.rpcUrl, "the latest block", () => client.getBlock({ blockTag: "latest" }));
  return { block: Number(head.number), hash: head.hash, log: -1 };
}

async function callOf(target: Chain, call: CourtCall): Promise<ContractCall> {
  switch (call.call) {
    case "register":
      return court.registerJurorCall(target, call.registration);
    case "appeal":
    case "punish": {
      const { terms, order, attestations } = call.evidence;
      return (call.call === "appeal" ? court.appealCall : court.punishCall)(target, terms, order, attestations);
    }
    case "record": {
      const header = await readHeader(target, call.block);
      if (header !== undefined) return recordBeaconCall(target, header);
      throw new ProtocolError("conflict", "block-missing", `There is no block ${call.block} yet.`, { retryable: true });
    }
    case "decide":
      return court.decideCall(target, call.terms, call.order, call.verdict);
    case "pay":
      return court.payJurorsCall(target, call.order, call.jury, call.seats);
    case "equivocation":
      return court.proveEquivocationCall(target, call.order, call.first, call.second);
  }
}
