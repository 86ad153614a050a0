// Names that the pass adds to a module. Modules that use one of them themselves are refused, so none can be taken over.

export const ABI = {
  /** Module name of the added import. */
  module: "~",
  /** The memory that the module would have defined itself. */
  memory: "memory",
  /** Mutable i64: fuel and depth that are left, see budget.ts. */
  budget: "~budget",
  /** Mutable i32: pages beyond which memory.grow fails. */
  pages: "~pages",
  /** Mutable i32: 1 when the host could not give memory that the rules allow. The run has no receipt. */
  fault: "~fault",
  /** (i32): takes fuel, for host functions; traps when there is too little. */
  charge: "~charge",
  /** The start function, to be called once after instantiation, under fuel. */
  start: "~start",
  global: (index: number): string => `~g${index}`,
  table: (index: number): string => `~t${index}`,
} as const;

const RESERVED_EXPORT = /^~(budget|pages|fault|charge|start|[gt]\d+)$/;

/** Whether an export of this name could be mistaken for one that the pass adds. */
export function isReservedExport(name: string): boolean {
  return RESERVED_EXPORT.test(name);
}
