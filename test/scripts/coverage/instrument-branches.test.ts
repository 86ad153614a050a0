import assert from "node:assert/strict";
import { test } from "node:test";
import { instrumentBranches } from "#scripts/coverage/instrument-branches.ts";
import { parseSolidity } from "#scripts/coverage/syntax-tree.ts";

const HEAD = "pragma solidity 0.8.37;";
const IMPORT = ' import {branchesNoted, branchReached, branchTaken} from "./BranchHits.sol";';

/** Instruments the body of a function `f` in a contract of its own. */
function instrument(body: string, firstId = 0) {
  const source = `${HEAD}\ncontract C {\nfunction f(bool a, bool b, bool c) public view returns (bool) {${body}}\n}\n`;
  const tree = parseSolidity({ "C.sol": source }).get("C.sol");
  assert.ok(tree);
  const { text, outcomes, unmeasured } = instrumentBranches("C.sol", source, tree, firstId, "./BranchHits.sol");
  const [head = "", , line = ""] = text.split("\n");
  assert.equal(head, HEAD + IMPORT);
  assert.equal(text.split("\n").length, source.split("\n").length, "lines stay where they are");
  const rewritten = line.slice(line.indexOf("{") + 1, -1);
  return { text, rewritten, outcomes, unmeasured };
}

/** What is told under which id, but for the function itself, which is the first. */
function told({ outcomes }: { outcomes: readonly { what: string; outcome: string }[] }): string[] {
  assert.deepEqual(outcomes[0], { contract: "C.sol", line: 3, where: "f", what: "function", outcome: "reached" });
  return outcomes.slice(1).map(({ what, outcome }) => `${what} ${outcome}`);
}

test("a condition tells both of its outcomes, a function that it was reached", () => {
  const result = instrument(" if (a) return b; return c; ", 10);
  assert.equal(result.rewritten, " branchReached(10); if (branchTaken(a, 11)) return b; return c; ");
  assert.deepEqual(told(result), ["a true", "a false"]);
});

test("each operand of a decision tells of itself, without brackets and negations", () => {
  const result = instrument(" if (a && !(b || c)) return a; return b; ");
  const ids = Object.fromEntries(result.outcomes.map(({ what, outcome }, id) => [`${what} ${outcome}`, id]));
  const taken = (operand: string) => `branchTaken(${operand}, ${ids[`${operand} true`]})`;
  assert.ok(result.rewritten.includes(` if (${taken("a")} && !(${taken("b")} || ${taken("c")})) return a;`));
  assert.equal(result.outcomes.length, 7);
});

test("of a value, the last operand decides nothing", () => {
  const result = instrument(" return a || b && c; ");
  assert.deepEqual(told(result).toSorted(), ["a false", "a true", "b false", "b true"]);
});

test("loops, choices, assertions and what lies inside a condition are told", () => {
  for (const body of [
    "for (; a; ) { return b; } return c;",
    "while (a) { return b; } return c;",
    "do { c; } while (a); return c;",
    "return a ? b : c;",
    "assert(a); return c;",
    'require(a, "b"); return c;',
  ]) {
    const result = instrument(body);
    assert.deepEqual(told(result), ["a true", "a false"], body);
    assert.match(result.rewritten, /branchTaken\(a, 1\)/, body);
  }
  const nested = instrument("if (f(a ? b : c, b, c)) return a; return b;");
  assert.match(nested.rewritten, /if \(branchTaken\(f\(branchTaken\(a, 3\) \? b : c, b, c\), 1\)\) return a;/);
});

test("both ways of a try are told", () => {
  const result = instrument(" try this.f(a, b, c) returns (bool d) { return d; } catch { return a; } ");
  assert.deepEqual(told(result), ["try reached", "catch reached"]);
  assert.match(result.rewritten, /\{ branchReached\(1\); return d; \} catch \{ branchReached\(2\); return a; \} $/);
});

test("places are bytes, not characters", () => {
  const result = instrument(' string memory d = unicode"–ä–"; if (a) d; return c; ');
  assert.match(result.rewritten, /"–ä–"; if \(branchTaken\(a, 1\)\) d; return c; $/);
});

test("assembly notes what it decided, and tells when it has ended", () => {
  const result = instrument(" assembly { for {} lt(b, 2) {} { if c { break } } } return a; ", 10);
  assert.deepEqual(told(result), ["lt(b, 2) true", "lt(b, 2) false", "c true", "c false"]);
  assert.match(
    result.rewritten,
    /for \{\} branchNoted\(lt\(b, 2\), 0\) \{\} \{ if branchNoted\(c, 2\) \{ break \} \} \}/,
  );
  assert.match(result.rewritten, /\} branchesNoted\(11, 4\); return a; $/);
  assert.deepEqual(result.unmeasured, []);
});

test("what assembly decides without being told is named", () => {
  assert.deepEqual(instrument(" assembly { switch b case 0 { c := 1 } } return c; ").unmeasured, [3]);
  const many = instrument(` assembly { ${"if b {} ".repeat(18)} } return c; `);
  assert.equal(many.outcomes.length, 1 + 2 * 16);
  assert.deepEqual(many.unmeasured, [3, 3]);
});

test("what has no function stays as it is", () => {
  const source = `${HEAD}\ninterface I {\n    function f() external;\n}\n`;
  const tree = parseSolidity({ I: source }).get("I");
  assert.ok(tree);
  assert.equal(instrumentBranches("I", source, tree, 0, "./BranchHits.sol").text, source);
});

test("a source that is no Solidity is refused", () => {
  assert.throws(() => parseSolidity({ C: "contract {" }), /ParserError/);
});
