import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { ABI_FILES, type AbiName, abiPath, renderAbi } from "#scripts/generate-abi.ts";
import { buildContracts } from "./local-chain.ts";

before(buildContracts);

for (const contract of Object.keys(ABI_FILES) as AbiName[]) {
  test(`the committed ABI of ${contract} is that of the compiled contract`, async () => {
    const committed = await readFile(abiPath(contract), "utf8");
    assert.equal(committed, await renderAbi(contract), "run: npx hardhat build && node scripts/generate-abi.ts");
  });
}
