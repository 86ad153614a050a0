// The terms of a lease whose committee the chain draws. The draw is stored with its session key before it is asked for,
// and one that was interrupted is gone on with before a new one is begun.
import type { Address, Hex } from "viem";
import { committeeSubject } from "#protocol/committee-subject.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import type { Amount, NodeId } from "#protocol/units.ts";
import { unixSeconds } from "../clock.ts";
import { newLease } from "../lease/lease-terms.ts";
import { requireBalance } from "../lease/require-balance.ts";
import type { Ledger } from "../ledger.ts";
import type { DrawStore, OpenDraw } from "../store/draw-store.ts";
import { type DrawWorld, drawCommittee } from "./draw-committee.ts";

export interface DrawLeaseWorld extends DrawWorld {
  readonly store: DrawStore;
  readonly ledger: Pick<Ledger, "domain" | "leaseOf" | "balanceOf">;
}

/** A committee that waits for its lease. Disposing it lets another command go on with it. */
export interface DrawnLease extends Disposable {
  readonly terms: LeaseTerms & { readonly nodes: NodeId[] };
  readonly sessionKey: Hex;
  /** Proves the lease's committee; afterwards the draw is done. */
  prove(): Promise<void>;
  /** Gives the draw up: the next one is another. */
  abandon(): Promise<void>;
}

/**
 * The oldest draw of this consumer and size that has no lease yet, or a new one. A lease that was opened and not proved
 * is proved on the way. A new draw is paid for, and nothing is paid while the account does not hold the lease's `budget`
 * beside it.
 * @throws `account-underfunded`, and as drawCommittee
 */
export async function drawLease(
  world: DrawLeaseWorld,
  consumer: Address,
  size: number,
  budget: Amount,
): Promise<DrawnLease> {
  const { chainId, exchange } = world.ledger.domain;
  const begun = (await world.store.all()).filter(
    (draw) =>
      draw.chainId === chainId &&
      draw.exchange === exchange &&
      draw.committee.consumer === consumer &&
      draw.committee.size === size,
  );
  for (const draw of begun) {
    const lock = await world.store.lock(draw.subject).catch(inUse);
    if (!lock) continue;
    const drawn = await drawFor(world, draw, lock);
    if (!(await world.ledger.leaseOf(leaseIdOf(drawn.terms)))) return drawn;
    await drawn.prove();
    drawn[Symbol.dispose]();
  }
  await requireBalance(world.ledger, consumer, budget + (await world.draws.price()), "a lease with its draw");
  const { terms, sessionKey } = newLease(consumer, []);
  const committee = { consumer, sessionKey: terms.sessionKey, salt: terms.salt, size };
  const subject = committeeSubject(committee);
  const lock = await world.store.lock(subject);
  const createdAt = unixSeconds(world.clock);
  const draw: OpenDraw = { version: 1, subject, chainId, exchange, committee, sessionKey, createdAt };
  await world.store.save(draw);
  return drawFor(world, draw, lock);
}

async function drawFor(world: DrawLeaseWorld, draw: OpenDraw, lock: Disposable): Promise<DrawnLease> {
  const { store, draws } = world;
  const { size: _, ...unseated } = draw.committee;
  try {
    const nodes = await drawCommittee(world, draw.committee);
    const terms = { ...unseated, nodes: [...nodes] };
    return {
      terms,
      sessionKey: draw.sessionKey,
      prove: async () => {
        await draws.prove(terms, leaseIdOf(terms));
        await store.forget(draw.subject);
      },
      abandon: () => store.forget(draw.subject),
      [Symbol.dispose]: () => lock[Symbol.dispose](),
    };
  } catch (error) {
    // Later stake changes no draw, so this one will never have a committee.
    if (error instanceof ProtocolError && error.code === "too-few-owners") await store.forget(draw.subject);
    lock[Symbol.dispose]();
    throw error;
  }
}

function inUse(error: unknown): undefined {
  if (error instanceof ProtocolError && error.code === "job-in-progress") return undefined;
  throw error;
}
