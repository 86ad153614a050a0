// Reads Solidity into the compiler's own syntax tree. It stops after parsing, so imports are not needed.
import { createRequire } from "node:module";

/** A node of the tree; `src` is "first byte:bytes:file". */
export interface SyntaxNode {
  readonly nodeType: string;
  readonly src: string;
  readonly [field: string]: unknown;
}

interface Compiler {
  compile(input: string): string;
}
interface Answer {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly sources?: Readonly<Record<string, { readonly ast: SyntaxNode }>>;
}

/** The tree of each source by its path. @throws Error when one is not Solidity. */
export function parseSolidity(sources: Readonly<Record<string, string>>): ReadonlyMap<string, SyntaxNode> {
  const compiler = createRequire(import.meta.url)("solc") as Compiler;
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } },
  };
  const { errors = [], sources: parsed = {} } = JSON.parse(compiler.compile(JSON.stringify(input))) as Answer;
  const fatal = errors.filter(({ severity }) => severity === "error");
  if (fatal.length > 0) throw new Error(fatal.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return new Map(Object.entries(parsed).map(([path, { ast }]) => [path, ast]));
}

/** The direct children of a node, in the order of the source. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children = Object.values(node).flat().filter(isNode);
  return children.toSorted((a, b) => rangeOf(a).from - rangeOf(b).from);
}

/** First byte and the byte after the last. */
export function rangeOf({ src }: SyntaxNode): { from: number; to: number } {
  const [from = 0, bytes = 0] = src.split(":").map(Number);
  return { from, to: from + bytes };
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}
