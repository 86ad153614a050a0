// Decides which blocks a follower remembers, and where its memory and the chain part. It never reads the chain itself.
import type { Hex } from "viem";
import { CHAIN_LIMITS } from "./limits.ts";

export interface BlockMark {
  readonly block: number;
  readonly hash: Hex;
}

export interface BlockTrail {
  /** Adds marks above all others. */
  push(marks: readonly BlockMark[]): void;
  newest(): BlockMark | undefined;
  hashAt(block: number): Hex | undefined;
  /** The newest mark that `hashOf` confirms; forgets all above it. */
  cutToChain(hashOf: (block: number) => Promise<Hex | undefined>): Promise<BlockMark | undefined>;
}

export function createBlockTrail(): BlockTrail {
  let marks: BlockMark[] = [];
  return {
    push(added) {
      const above = added.filter(({ block }) => block > (marks.at(-1)?.block ?? -1));
      marks = [...marks, ...above].slice(-CHAIN_LIMITS.followTrail);
    },
    newest: () => marks.at(-1),
    hashAt: (block) => marks.find((mark) => mark.block === block)?.hash,
    async cutToChain(hashOf) {
      // A block that is on the chain has all its ancestors there, so halving finds where they part.
      let [known, lost] = [0, marks.length];
      while (known < lost) {
        const middle = (known + lost) >> 1;
        const mark = marks[middle] as BlockMark;
        if ((await hashOf(mark.block)) === mark.hash) known = middle + 1;
        else lost = middle;
      }
      marks = marks.slice(0, known);
      return marks.at(-1);
    },
  };
}
