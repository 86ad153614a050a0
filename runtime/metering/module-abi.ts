// Names that the pass adds to a module. Modules that use the prefix themselves are refused, so they cannot be taken over.

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
