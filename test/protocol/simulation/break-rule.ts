// Loaded before a simulation (`node --import`), it breaks one of the rules that the simulation leans on: the one named by
// BROKEN_RULE, in memory alone. What then passes every seed is a rule whose breach nobody would see.
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { BROKEN_RULES } from "./broken-rules.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const rule = BROKEN_RULES.find(({ name }) => name === process.env.BROKEN_RULE);
assert.ok(rule, `no rule is named ${process.env.BROKEN_RULE}`);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith("file:") || fileURLToPath(url) !== `${root}${rule.file}`) return loaded;
    const source = String(loaded.source);
    assert.equal(source.split(rule.is).length, 2, `${rule.name}: its text is not once in ${rule.file}`);
    return { ...loaded, source: source.replace(rule.is, () => rule.becomes) };
  },
});
