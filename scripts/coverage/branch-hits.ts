// How an instrumented contract tells what it reached, and how that is read from what Hardhat's coverage collected.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Hardhat collects every word that is sent to this address in a test. */
const COLLECTOR = "0xc0bEc0BEc0BeC0bEC0beC0bEC0bEC0beC0beC0BE";
/** Tells our words from those of Hardhat, which are hashes. */
const MARK = "6272616e636865730000";

/** A call leaves its own return data behind, which assembly may still want to read: the precompile that copies puts it
 * back. Functions may say that they are pure, because a hit changes nothing that they could see. */
export const HITS_SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

function branchTaken(bool outcome, uint256 id) pure returns (bool) {
    branchReached(outcome ? id : id + 1);
    return outcome;
}

function branchReached(uint256 id) pure {
    _asPure(_tell)(id);
}

function branchesNoted(uint256 firstId, uint256 count) pure {
    uint256 noted;
    assembly ("memory-safe") {
        noted := mload(0)
    }
    for (uint256 i = 0; i < count; ++i) {
        if ((noted >> (248 - 8 * i)) & 0xff != 0) branchReached(firstId + i);
    }
}

function _tell(uint256 id) view {
    assembly ("memory-safe") {
        let size := returndatasize()
        let free := mload(0x40)
        returndatacopy(free, 0, size)
        mstore(0, or(shl(176, 0x${MARK}), id))
        pop(staticcall(gas(), ${COLLECTOR}, 0, 32, 0, 0))
        if size {
            pop(staticcall(gas(), 4, free, size, 0, 0))
        }
    }
}

function _asPure(function(uint256) view tell) pure returns (function(uint256) pure told) {
    assembly {
        told := tell
    }
}
`;

/** The ids that were told in a run, from the folder where Hardhat keeps its coverage. */
export function readHits(folder: string): ReadonlySet<number> {
  const data = join(folder, "data", "solidity");
  const words = readdirSync(data).flatMap((name) =>
    Object.keys(JSON.parse(readFileSync(join(data, name), "utf8")) as Record<string, number>),
  );
  const ours = words.filter((word) => word.startsWith(MARK));
  return new Set(ours.map((word) => Number.parseInt(word.slice(MARK.length), 16)));
}
