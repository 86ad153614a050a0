// A model of the court: who is accused, what a jury says, and who loses stake. It refuses what `contracts/Court.sol`
// refuses, by the same facts.
import type { Hex } from "viem";
import { quorumCount } from "#protocol/order.ts";
import { verdictSeats } from "#protocol/verdict.ts";
import { type Attestation, type Cast, GRACE_SECONDS, type Order } from "./cast.ts";
import { largestGroup, Refusal, requireAttestations, requireOrder } from "./evidence-model.ts";
import type { ExchangeModel } from "./exchange-model.ts";
import { jurorOf, nodeOf, type Signatures, textOf } from "./signatures.ts";
import { SHARES_PER_TOKEN } from "./stake-model.ts";
import type { VaultModel } from "./vault-model.ts";

export const SEATS = 31;
/** Shares to each juror. */
export const JURY_PAY = SHARES_PER_TOKEN / 10n;
const BEACON_SECONDS = 4;

export interface Case {
  readonly order: Order;
  readonly openedAt: number;
  readonly closesAt: number;
  resultHash: Hex | undefined;
  decidedAt: number;
  /** Seats in the verdict, and those that are paid. */
  signers: readonly number[];
  readonly paid: Set<number>;
  pot: bigint;
}

export interface Punishment {
  readonly order: Hex;
  readonly node: number;
  readonly shares: bigint;
  readonly at: number;
  readonly by: "majority" | "jury" | "equivocation";
}

export class CourtModel {
  readonly #cast: Cast;
  readonly #signatures: Signatures;
  readonly #exchange: ExchangeModel;
  readonly #vault: VaultModel;
  /** By order, of drawn leases alone. */
  readonly accused = new Map<Hex, Set<number>>();
  readonly cases = new Map<Hex, Case>();
  readonly punishments: Punishment[] = [];
  /** Shares that each seat of any jury got. */
  readonly juryPay: bigint[] = [];

  constructor(cast: Cast, signatures: Signatures, exchange: ExchangeModel, vault: VaultModel) {
    this.#cast = cast;
    this.#signatures = signatures;
    this.#exchange = exchange;
    this.#vault = vault;
  }

  accuse(order: Order, attestations: readonly Attestation[]): void {
    this.#requireEvidence(order, attestations, 1);
    const group = largestGroup(attestations);
    if (group.dissenting.length === 0) throw new Refusal("no-dissent");
    this.#exchange.freeze(order, this.#exchange.quorumOf(order, attestations));
    if (!this.#isDrawn(order)) return;
    const accused = this.accused.get(order.id) ?? new Set();
    for (const { node } of group.dissenting) accused.add(node);
    this.accused.set(order.id, accused);
  }

  /** @param by the node that sends it */
  appeal(by: number, order: Order, attestations: readonly Attestation[]): void {
    this.#requireDrawn(order);
    this.#requireEvidence(order, attestations, 4);
    const { now } = this.#exchange;
    if (now > order.deadline + 2 * GRACE_SECONDS) throw new Refusal("appeal-over");
    const closesAt = order.deadline + 4 * GRACE_SECONDS;
    if (!this.cases.has(order.id)) {
      const isAccused = attestations.some(({ node }) => this.accused.get(order.id)?.has(node));
      const isDisputed = isAccused || largestGroup(attestations).dissenting.length > 0;
      if (!isDisputed) throw new Refusal("nothing-to-appeal");
      if (!attestations.some(({ node }) => node === by)) throw new Refusal("not-an-attester");
      const rest = { resultHash: undefined, decidedAt: 0, signers: [], pot: 0n };
      this.cases.set(order.id, { order, openedAt: now, closesAt, ...rest, paid: new Set() });
    }
    for (const { node } of attestations) this.#exchange.stakes.freeze(node, closesAt);
  }

  /** Whether the beacon of the case is there. */
  isDrawn({ openedAt }: Case): boolean {
    return this.#exchange.now >= openedAt + BEACON_SECONDS;
  }

  decide(order: Order, resultHash: Hex, seats: readonly number[]): void {
    const opened = this.#case(order);
    if (!this.isDrawn(opened)) throw new Refusal("jury-not-drawn");
    if (opened.resultHash !== undefined) throw new Refusal("case-already-decided");
    if (this.#exchange.now > opened.closesAt) throw new Refusal("case-closed");
    const text = textOf.verdict(order, resultHash);
    const signers = [...new Set(seats)].filter((seat) => this.#signatures.isBy(jurorOf(seat), text));
    if (signers.length !== seats.length) throw new Refusal("verdict-signature-invalid");
    if (signers.length < verdictSeats(SEATS)) throw new Refusal("verdict-too-weak");
    Object.assign(opened, { resultHash, signers, decidedAt: this.#exchange.now });
  }

  punish(order: Order, attestations: readonly Attestation[]): void {
    this.#requireDrawn(order);
    this.#requireEvidence(order, attestations, 4);
    const opened = this.cases.get(order.id);
    if (opened && opened.resultHash === undefined) throw new Refusal("case-undecided");
    const right = opened?.resultHash ?? this.#majorityOf(order, attestations);
    let total = 0n;
    for (const { node, resultHash } of attestations) {
      if (resultHash === right || this.isPunished(order.id, node)) continue;
      if (!opened && !this.accused.get(order.id)?.has(node)) continue;
      const { staked, unbonding } = this.#exchange.stakes.of(node);
      total += this.#take(order.id, node, (staked + unbonding + 3n) / 4n, opened ? "jury" : "majority");
    }
    if (total === 0n) throw new Refusal("nobody-to-punish");
    this.#giveAway(opened, total);
  }

  proveEquivocation(first: Attestation, second: Attestation): void {
    const { node, order } = first;
    if (second.node !== node || second.order !== order) throw new Refusal("nodes-differ");
    if (textOf.attestation(first) === textOf.attestation(second)) throw new Refusal("attestations-equal");
    const isSigned = (said: Attestation) => this.#signatures.isBy(nodeOf(node), textOf.attestation(said));
    if (!isSigned(first) || !isSigned(second)) throw new Refusal("attestation-signature-invalid");
    const isKnown = ({ by, ...each }: Punishment) =>
      by === "equivocation" && each.order === order && each.node === node;
    if (this.punishments.some(isKnown)) throw new Refusal("equivocation-known");
    const { staked, unbonding } = this.#exchange.stakes.of(node);
    if (staked + unbonding === 0n) throw new Refusal("nothing-at-stake");
    this.#giveAway(undefined, this.#take(order, node, staked + unbonding, "equivocation"));
  }

  payJurors(order: Order): void {
    const opened = this.#case(order);
    const signed = BigInt(opened.signers.length);
    if (signed === 0n) throw new Refusal("jury-unknown");
    if (opened.pot < signed * JURY_PAY && this.#exchange.now <= opened.closesAt) throw new Refusal("pay-not-due");
    const each = opened.pot / signed;
    const unpaid = opened.signers.filter((seat) => !opened.paid.has(seat));
    if (each === 0n || unpaid.length === 0) throw new Refusal("nothing-to-pay");
    for (const seat of unpaid) {
      opened.paid.add(seat);
      this.juryPay[seat] = (this.juryPay[seat] ?? 0n) + each;
    }
  }

  isPunished(order: Hex, node: number): boolean {
    return this.punishments.some((each) => each.by !== "equivocation" && each.order === order && each.node === node);
  }

  #take(order: Hex, node: number, shares: bigint, by: Punishment["by"]): bigint {
    const taken = this.#exchange.stakes.slash(node, shares);
    if (taken > 0n) this.punishments.push({ order, node, shares: taken, at: this.#exchange.now, by });
    return taken;
  }

  /** First to the jury, until its pay is whole, in equal parts; the rest to the vault. */
  #giveAway(opened: Case | undefined, shares: bigint): void {
    const signed = BigInt(opened?.signers.length ?? 0);
    let rest = shares;
    if (opened && signed > 0n) {
      const wanted = signed * JURY_PAY - opened.pot;
      const part = shares < wanted ? shares : wanted;
      opened.pot += part - (part % signed);
      rest -= part - (part % signed);
    }
    if (rest > 0n) this.#vault.forfeit(rest, this.#exchange.now);
  }

  /** By heads alone, of those that were accused in time. */
  #majorityOf(order: Order, attestations: readonly Attestation[]): Hex {
    if (this.#exchange.now <= order.deadline + 2 * GRACE_SECONDS) throw new Refusal("appeal-still-open");
    const { agreeing } = largestGroup(attestations);
    const committee = this.#exchange.committeeOf(order.lease).length;
    if (agreeing.length < quorumCount(order.quorumBps, committee)) throw new Refusal("no-majority");
    return agreeing[0]?.resultHash ?? "0x";
  }

  #requireEvidence(order: Order, attestations: readonly Attestation[], graces: number): void {
    const { now } = this.#exchange;
    requireOrder(this.#signatures, order, now, order.deadline + graces * GRACE_SECONDS);
    if (now <= order.deadline) throw new Refusal("order-still-open");
    requireAttestations(this.#signatures, this.#exchange.committeeOf(order.lease), order, attestations);
  }

  #isDrawn({ lease }: Order): boolean {
    return this.#cast.leases[lease]?.drawn === true;
  }

  #requireDrawn(order: Order): void {
    if (!this.#isDrawn(order)) throw new Refusal("lease-not-drawn");
  }

  #case({ id }: Order): Case {
    const opened = this.cases.get(id);
    if (!opened) throw new Refusal("case-unknown");
    return opened;
  }
}
