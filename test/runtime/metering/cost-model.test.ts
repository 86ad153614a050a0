import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { GOLDEN_PATH, measureFuel } from "./golden-fuel.ts";

test("no price changes without a new metering version", () => {
  assert.deepEqual(
    measureFuel(),
    JSON.parse(readFileSync(GOLDEN_PATH, "utf8")),
    "If the change is meant, raise METERING_VERSION and run: npm run golden",
  );
});
