// Rewrites a contract so that it tells which way each of its branches went, and does nothing else differently. Lines stay
// where they are.
import { childrenOf, isNode, rangeOf, type SyntaxNode } from "./syntax-tree.ts";

/** One way that a contract can go. */
export interface Outcome {
  readonly contract: string;
  readonly line: number;
  /** The function that it is in; "constructor" for one without a name. */
  readonly where: string;
  /** The condition as it is written, on one line; or else "function", "try" or "catch". */
  readonly what: string;
  readonly outcome: "true" | "false" | "reached";
}

export interface Instrumented {
  readonly text: string;
  /** The outcome at index i is told as the number `firstId` + i. */
  readonly outcomes: readonly Outcome[];
  /** Lines of what inline assembly decides in a way that is not told. */
  readonly unmeasured: readonly number[];
}

/** The file beside a contract that tells; see `branch-hits.ts`. */
export const HITS_FILE = "BranchHits.sol";

/** Conditions of one piece of assembly: it may call nothing, so it leaves a byte for each outcome in the scratch space. */
const NOTED_MAX = 16;
const NOTE =
  "function branchNoted(taken, at) -> same { same := taken mstore8(add(at, iszero(taken)), 1) } mstore(0, 0)";

/** Of every `if`, loop, `?:`, `assert` and `require` and whatever `&&` and `||` join in them, both outcomes; of every
 * function and every clause of a `try`, that it is reached.
 * @param hits Import path of the file that tells, as seen from this one. */
export function instrumentBranches(
  contract: string,
  source: string,
  tree: SyntaxNode,
  firstId: number,
  hits: string,
): Instrumented {
  const bytes = Buffer.from(source);
  const outcomes: Outcome[] = [];
  const unmeasured: number[] = [];
  const edits: Edit[] = [];
  const lineOf = (node: SyntaxNode) => bytes.subarray(0, rangeOf(node).from).toString().split("\n").length;
  const textOf = (node: SyntaxNode) => {
    const { from, to } = rangeOf(node);
    return bytes.subarray(from, to).toString().replace(/\s+/g, " ");
  };
  const note = (node: SyntaxNode, where: string, what: string, outcome: Outcome["outcome"]) =>
    outcomes.push({ contract, line: lineOf(node), where, what, outcome }) - 1 + firstId;

  const noteBoth = (condition: SyntaxNode, where: string) => {
    const id = note(condition, where, textOf(condition), "true");
    note(condition, where, textOf(condition), "false");
    return id;
  };
  const wrap = (node: SyntaxNode, told: string, last: number) => {
    const { from, to } = rangeOf(node);
    edits.push({ at: from, text: `${told}(`, ends: false }, { at: to, text: `, ${last})`, ends: true });
  };
  const visitAssembly = (node: SyntaxNode, where: string): void => {
    const conditions = decisionsIn(node).slice(0, NOTED_MAX);
    unmeasured.push(...undecidable(node).map(lineOf));
    if (conditions.length === 0) return;
    const firstNoted = firstId + outcomes.length;
    for (const [index, condition] of conditions.entries()) {
      noteBoth(condition, where);
      wrap(condition, "branchNoted", 2 * index);
    }
    edits.push({ at: rangeOf(node.AST as SyntaxNode).from + 1, text: ` ${NOTE}`, ends: false });
    edits.push({ at: rangeOf(node).to, text: ` branchesNoted(${firstNoted}, ${2 * conditions.length});`, ends: true });
  };

  const visit = (node: SyntaxNode, around: string): void => {
    const where = nameOf(node) ?? around;
    if (node.nodeType === "InlineAssembly") {
      visitAssembly(node, where);
      return;
    }
    for (const condition of conditionsOf(node)) wrap(condition, "branchTaken", noteBoth(condition, where));
    const entered = blockOf(node);
    if (entered) {
      const clause = textOf(node).startsWith("catch") ? "catch" : "try";
      const id = note(node, where, node.nodeType === "FunctionDefinition" ? "function" : clause, "reached");
      edits.push({ at: rangeOf(entered).from + 1, text: ` branchReached(${id});`, ends: false });
    }
    for (const child of childrenOf(node)) visit(child, where);
  };
  visit(tree, "");
  if (outcomes.length > 0) edits.push(importAfter(tree, hits));
  return { text: applyEdits(bytes, edits), outcomes, unmeasured };
}

/** Text put in at a byte; `ends` says that it closes what another one began. */
interface Edit {
  readonly at: number;
  readonly text: string;
  readonly ends: boolean;
}

function nameOf({ nodeType, name, kind }: SyntaxNode): string | undefined {
  if (nodeType !== "FunctionDefinition") return undefined;
  return String(name || kind);
}

/** What the node decides by, down to the operands that are jumped by. Operands of a value's `&&` and `||` are among them but
 * for the last, whose outcome is the value. */
function conditionsOf(node: SyntaxNode): SyntaxNode[] {
  switch (node.nodeType) {
    case "IfStatement":
    case "ForStatement":
    case "WhileStatement":
    case "DoWhileStatement":
    case "Conditional":
      return isNode(node.condition) ? operandsOf(node.condition) : [];
    case "BinaryOperation":
      return joins(node) ? operandsOf(node.leftExpression as SyntaxNode) : [];
    case "FunctionCall": {
      const { expression, arguments: given } = node as { expression?: unknown; arguments?: unknown };
      const named = isNode(expression) && /^(assert|require)$/.test(String(expression.name));
      return named && Array.isArray(given) && isNode(given[0]) ? operandsOf(given[0]) : [];
    }
    default:
      return [];
  }
}

/** The operands that `node` itself does not show when it is visited: the left ones of `&&` and `||` are seen there. */
function operandsOf(node: SyntaxNode): SyntaxNode[] {
  const inner = node.nodeType === "UnaryOperation" && node.operator === "!" ? node.subExpression : undefined;
  if (isNode(inner)) return operandsOf(inner);
  const { components } = node;
  if (node.nodeType === "TupleExpression" && Array.isArray(components) && isNode(components[0])) {
    return operandsOf(components[0]);
  }
  return joins(node) ? operandsOf(node.rightExpression as SyntaxNode) : [node];
}

/** Conditions in assembly, the first ones first. */
function decisionsIn(node: SyntaxNode): SyntaxNode[] {
  const own = /^Yul(If|ForLoop)$/.test(node.nodeType) ? [node.condition as SyntaxNode] : [];
  return [...own, ...childrenOf(node).flatMap(decisionsIn)];
}

/** What else decides in assembly: a `switch`, and conditions for which there is no room. */
function undecidable(node: SyntaxNode): SyntaxNode[] {
  const switches = (inner: SyntaxNode): SyntaxNode[] => [
    ...(inner.nodeType === "YulSwitch" ? [inner] : []),
    ...childrenOf(inner).flatMap(switches),
  ];
  return [...switches(node), ...decisionsIn(node).slice(NOTED_MAX)];
}

function joins({ nodeType, operator }: SyntaxNode): boolean {
  return nodeType === "BinaryOperation" && (operator === "&&" || operator === "||");
}

/** The block at whose beginning it shows that the node was reached. */
function blockOf(node: SyntaxNode): SyntaxNode | undefined {
  const block = { FunctionDefinition: node.body, TryCatchClause: node.block }[node.nodeType];
  return isNode(block) ? block : undefined;
}

function importAfter(tree: SyntaxNode, hits: string): Edit {
  const pragma = childrenOf(tree).find(({ nodeType }) => nodeType === "PragmaDirective");
  if (!pragma) throw new Error("A contract without a pragma");
  return {
    at: rangeOf(pragma).to,
    text: ` import {branchesNoted, branchReached, branchTaken} from "${hits}";`,
    ends: false,
  };
}

/** What begins at a byte stands outermost first, what ends there innermost first. */
function applyEdits(bytes: Buffer, edits: readonly Edit[]): string {
  const ordered = edits
    .map((edit, order) => ({ ...edit, order }))
    .toSorted((a, b) => {
      if (a.at !== b.at) return a.at - b.at;
      if (a.ends !== b.ends) return a.ends ? -1 : 1;
      return a.ends ? b.order - a.order : a.order - b.order;
    });
  const parts: string[] = [];
  let from = 0;
  for (const { at, text } of ordered) {
    parts.push(bytes.subarray(from, at).toString(), text);
    from = at;
  }
  return parts.concat(bytes.subarray(from).toString()).join("");
}
