// Which well-known globals a microservice does not have and why, found in its source before it is packed.
import { parseAst } from "rolldown/parseAst";

const TIMER = "there are no timers, the clock stands still during a call";
const NETWORK = "a microservice reaches no network, it only answers its request";
const NODE = "Node's own names do not exist in the sandbox";
const STREAM = "bodies are whole: use text(), json(), bytes() or arrayBuffer()";

const ABSENT: Readonly<Record<string, string>> = {
  setTimeout: TIMER,
  setInterval: TIMER,
  setImmediate: TIMER,
  requestAnimationFrame: TIMER,
  fetch: NETWORK,
  XMLHttpRequest: NETWORK,
  WebSocket: NETWORK,
  EventSource: NETWORK,
  process: NODE,
  Buffer: NODE,
  require: NODE,
  __dirname: NODE,
  __filename: NODE,
  ReadableStream: STREAM,
  WritableStream: STREAM,
  TransformStream: STREAM,
  FormData: STREAM,
  Blob: STREAM,
  File: STREAM,
  WebAssembly: "pack the WebAssembly program itself as an image",
  Worker: "a call runs alone in one thread",
  Intl: "locales differ between machines",
  localStorage: "nothing outlives a call, answer with what must be kept",
  performance: "the clock stands still during a call, Date.now() reads it",
};

/** A use of a global that is not there. */
export interface AbsentUse {
  readonly name: string;
  readonly reason: string;
  /** The line of code that uses it, cut at 120 characters. */
  readonly line: string;
}

interface AstNode {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/**
 * Names read as globals that the sandbox lacks. A name that the source declares anywhere, or asks for with `typeof`,
 * counts as handled: libraries feel their way like that, and a wrong refusal is worse than a late error.
 */
export function findAbsentUses(source: string): readonly AbsentUse[] {
  const uses = new Map<string, AstNode>();
  const handled = new Set<string>();
  for (const { node, parent, field } of walk(parseAst(source) as unknown as AstNode)) {
    if (node.type !== "Identifier") continue;
    const name = String(node.name);
    if (!Object.hasOwn(ABSENT, name)) continue;
    if (isName(parent, field)) continue;
    if (isBinding(parent, field) || (parent.type === "UnaryExpression" && parent.operator === "typeof")) {
      handled.add(name);
    } else if (!uses.has(name)) uses.set(name, node);
  }
  return [...uses]
    .filter(([name]) => !handled.has(name))
    .map(([name, node]) => ({ name, reason: ABSENT[name] ?? "", line: lineAt(source, node.start) }));
}

function* walk(root: AstNode): Generator<{ node: AstNode; parent: AstNode; field: string }> {
  const open: { node: AstNode; parent: AstNode; field: string }[] = [{ node: root, parent: root, field: "" }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    yield visit;
    for (const [field, value] of Object.entries(visit.node)) {
      const children = Array.isArray(value) ? (value as unknown[]) : [value];
      for (const child of children) if (isNode(child)) open.push({ node: child, parent: visit.node, field });
    }
  }
}

function isNode(value: unknown): value is AstNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** A property's or label's name is no reference to a variable. */
function isName(parent: AstNode, field: string): boolean {
  if (field === "property" || field === "key") return parent.computed !== true;
  return field === "label" || field === "meta" || field === "imported" || field === "exported";
}

function isBinding(parent: AstNode, field: string): boolean {
  if (parent.type.includes("Function")) return field === "id" || field === "params";
  if (parent.type.startsWith("Class")) return field === "id";
  if (parent.type === "VariableDeclarator") return field === "id";
  if (parent.type === "AssignmentPattern") return field === "left";
  if (parent.type === "CatchClause") return field === "param";
  return field === "local";
}

function lineAt(source: string, offset: number): string {
  const from = source.lastIndexOf("\n", offset - 1) + 1;
  const to = source.indexOf("\n", offset);
  return source
    .slice(from, to === -1 ? undefined : to)
    .trim()
    .slice(0, 120);
}
