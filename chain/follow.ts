// Decides what a follower of the exchange is told, in the chain's order: events, which blocks will stay, and from where
// to take back. It never keeps events, and it never gives up on an endpoint that only fails for a while.
import { setTimeout as sleep } from "node:timers/promises";
import { BlockNotFoundError, type Hex, type Log } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { type BlockTrail, createBlockTrail } from "./block-trail.ts";
import { asChainCall, toChainError } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import { type ExchangeEvent, toExchangeEvents } from "./exchange-event.ts";
import { CHAIN_LIMITS } from "./limits.ts";

/** How far a follower has come. Plain JSON: keep it beside what was made of the events, in one transaction. */
export interface Checkpoint {
  readonly block: number;
  readonly hash: Hex;
  /** Index of the block's last event that was told; -1 for none. */
  readonly log: number;
}

export type ChainChange =
  | { readonly type: "event"; readonly event: ExchangeEvent; readonly checkpoint: Checkpoint }
  /** Everything up to `block` stays, as far as `confirmations` can tell. */
  | { readonly type: "finalized"; readonly block: number; readonly checkpoint: Checkpoint }
  /** What was told of block `from` and later is void; what replaces it follows. */
  | { readonly type: "reorg"; readonly from: number; readonly checkpoint: Checkpoint | undefined };

export interface FollowOptions {
  /** The last checkpoint that was kept; undefined follows from the exchange's deployment. */
  readonly from: Checkpoint | undefined;
  /** Ends the generator, without an error. */
  readonly signal: AbortSignal;
  /** Blocks on top of a block until it counts as final: 0 on a local chain, which makes blocks only when asked. */
  readonly confirmations: number;
  /** Pause between looks at a chain that has nothing new. */
  readonly pollMillis: number;
}

/**
 * Follows the exchange's events from a checkpoint on, until `signal`.
 * @throws what does not heal by waiting, such as `chain-refused`
 */
export async function* follow(chain: Chain, options: FollowOptions): AsyncGenerator<ChainChange, void, undefined> {
  const { signal, pollMillis } = options;
  const state = startState(chain, options.from);
  let failures = 0;
  while (!signal.aborted) {
    let changes: readonly ChainChange[] = [];
    let pause = pollMillis;
    try {
      const step = await takeStep(chain, state, options.confirmations);
      changes = step.changes;
      if (step.more) pause = 0;
      failures = 0;
    } catch (error) {
      if (!(error instanceof ProtocolError) || !error.retryable) throw error;
      failures += 1;
      pause = Math.min(pollMillis * 2 ** failures, CHAIN_LIMITS.followBackoffMillis);
    }
    for (const change of changes) {
      if (signal.aborted) return;
      yield change;
    }
    if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

interface FollowState {
  readonly trail: BlockTrail;
  /** Where this follower last was; the trail's newest mark, with the last event in it. */
  at: Checkpoint | undefined;
  /** First block that was not told completely. */
  next: number;
  /** Highest block that was told to be final. */
  finalized: number;
  /** Blocks asked for at once. */
  span: number;
  /** Looks in a row at which the chain was shorter than what it had shown. */
  shorter: number;
}

interface Step {
  readonly changes: readonly ChainChange[];
  /** Whether there is more to read at once. */
  readonly more: boolean;
}

const NOTHING: Step = { changes: [], more: false };
/** An endpoint behind a balancer may lag so many looks; a chain that stays shorter has lost blocks. */
const SHORTER_LOOKS = 4;

function startState(chain: Chain, from: Checkpoint | undefined): FollowState {
  const trail = createBlockTrail();
  if (from) trail.push([from]);
  const first = chain.settings.deployedAt ?? 0;
  return {
    trail,
    at: from,
    next: from?.block ?? first,
    finalized: -1,
    span: CHAIN_LIMITS.followBlocks,
    shorter: 0,
  };
}

async function takeStep(chain: Chain, state: FollowState, confirmations: number): Promise<Step> {
  const { rpcUrl } = chain.settings;
  const head = await asChainCall(rpcUrl, "the latest block", () => chain.client.getBlock({ blockTag: "latest" }));
  const height = Number(head.number);
  if (await hasForked(chain, state, height, head.hash)) return takeBack(chain, state);
  if (height < state.next) return NOTHING;

  const to = Math.min(height, state.next + state.span - 1);
  const end = to === height ? head.hash : await hashOf(chain, to);
  const events = end && (await readEvents(chain, state, to));
  // Whatever changed while the events were read shows in the range's two ends, and the step is taken again.
  if (!events || (await hashOf(chain, to)) !== end || !(await isOnChain(chain, state.at))) return NOTHING;

  const changes: ChainChange[] = events.map((event) => ({
    type: "event",
    event,
    checkpoint: { block: event.block, hash: event.blockHash, log: event.index },
  }));
  const last = events.at(-1);
  const log = last?.block === to ? last.index : state.at?.block === to ? state.at.log : -1;
  const checkpoint = { block: to, hash: end, log };
  state.trail.push([...events.map(({ block, blockHash }) => ({ block, hash: blockHash })), checkpoint]);
  state.at = checkpoint;
  state.next = to + 1;
  const final = Math.min(height - confirmations, to);
  if (final > state.finalized) {
    state.finalized = final;
    changes.push({ type: "finalized", block: final, checkpoint });
  }
  return { changes, more: to < height };
}

/** Whether the chain no longer has the block at which the follower was. */
async function hasForked(chain: Chain, state: FollowState, height: number, headHash: Hex): Promise<boolean> {
  const { at, trail } = state;
  if (!at) return false;
  if (height >= at.block) {
    state.shorter = 0;
    return (height === at.block ? headHash : await hashOf(chain, at.block)) !== at.hash;
  }
  const remembered = trail.hashAt(height);
  if (remembered !== undefined && remembered !== headHash) return true;
  state.shorter += 1;
  return state.shorter >= SHORTER_LOOKS;
}

/** Goes back to the last block that the follower and the chain have in common; to 0 when they have none. */
async function takeBack(chain: Chain, state: FollowState): Promise<Step> {
  const common = await state.trail.cutToChain((block) => hashOf(chain, block));
  // All events of a remembered block were told, whichever its last was, unless it is the one followed from.
  const whole = common && { ...common, log: state.at?.block === common.block ? state.at.log : Number.MAX_SAFE_INTEGER };
  const from = common ? common.block + 1 : 0;
  state.at = whole;
  // The common block once more: `at` says which of its events were told.
  state.next = common?.block ?? chain.settings.deployedAt ?? 0;
  state.finalized = Math.min(state.finalized, from - 1);
  state.shorter = 0;
  return { changes: [{ type: "reorg", from, checkpoint: whole }], more: true };
}

/** A range of blocks gives no pending logs. */
type MinedLog = Log<bigint, number, false>;

/** Events from `state.next` to `to` that were not told yet; undefined when a smaller range must be tried. */
async function readEvents(chain: Chain, state: FollowState, to: number): Promise<ExchangeEvent[] | undefined> {
  const { client, settings } = chain;
  const range = { fromBlock: BigInt(state.next), toBlock: BigInt(to) };
  let logs: MinedLog[];
  try {
    const { staking, draws, court, vault } = chain.contracts;
    const address = [settings.exchange, staking, draws, court, vault];
    logs = (await client.getLogs({ address, ...range })) as MinedLog[];
  } catch (cause) {
    const error = toChainError(cause, "events", settings.rpcUrl);
    // Endpoints refuse long ranges and long answers in many words: any failure halves the range.
    const asked = to - state.next + 1;
    state.span = Math.max(1, asked >> 1);
    if (error.retryable || asked === 1) throw error;
    return undefined;
  }
  state.span = Math.min(state.span * 2, CHAIN_LIMITS.followBlocks);
  const { at } = state;
  const fresh = at ? logs.filter((log) => Number(log.blockNumber) > at.block || log.logIndex > at.log) : logs;
  const times = await readTimes(chain, fresh);
  return times && toExchangeEvents(fresh, (hash) => times.get(hash) as UnixSeconds);
}

/** The times of the logs' blocks; undefined when one of them is gone. */
async function readTimes(
  { client, settings }: Chain,
  logs: readonly MinedLog[],
): Promise<Map<Hex, UnixSeconds> | undefined> {
  const times = new Map<Hex, UnixSeconds>();
  for (const { blockHash, blockTimestamp } of logs) {
    if (times.has(blockHash)) continue;
    if (blockTimestamp !== undefined) {
      times.set(blockHash, Number(blockTimestamp));
      continue;
    }
    try {
      times.set(blockHash, Number((await client.getBlock({ blockHash })).timestamp));
    } catch (error) {
      if (error instanceof BlockNotFoundError) return undefined;
      throw toChainError(error, "a block", settings.rpcUrl);
    }
  }
  return times;
}

async function isOnChain(chain: Chain, mark: Checkpoint | undefined): Promise<boolean> {
  return mark === undefined || (await hashOf(chain, mark.block)) === mark.hash;
}

async function hashOf({ client, settings }: Chain, block: number): Promise<Hex | undefined> {
  try {
    return (await client.getBlock({ blockNumber: BigInt(block) })).hash;
  } catch (error) {
    if (error instanceof BlockNotFoundError) return undefined;
    throw toChainError(error, "a block", settings.rpcUrl);
  }
}
