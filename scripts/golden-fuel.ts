// npm run golden: writes the golden tables of fuel, answers and memories anew, after a change of prices that is meant.
// The diff is the change's price list; a change of fuel wants a new METERING_VERSION beside it.
import { writeFileSync } from "node:fs";
import { goldenOf, GOLDEN_PATH as JAVASCRIPT_PATH, runCorpus } from "#test/runtime/javascript/determinism-corpus.ts";
import { measureFuel, GOLDEN_PATH as WEB_ASSEMBLY_PATH } from "#test/runtime/metering/golden-fuel.ts";

const golden = [
  [WEB_ASSEMBLY_PATH, measureFuel()],
  [JAVASCRIPT_PATH, goldenOf(await runCorpus())],
] as const;
for (const [path, table] of golden) {
  writeFileSync(path, `${JSON.stringify(table, undefined, 2)}\n`);
  console.log(`Written: ${path}`);
}
