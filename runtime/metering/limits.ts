// Bounds on a module that keep validation, compilation and native stack use small for every accepted module.

const KIB = 1024;
const MIB = 1024 * KIB;

export const MODULE_LIMITS = {
  /** A module, before the pass: one image layer. */
  moduleBytes: 16 * MIB,
  types: 20_000,
  functions: 100_000,
  imports: 10_000,
  exports: 20_000,
  globals: 20_000,
  tables: 16,
  /** Elements a table may start with or grow to: each costs the host a word and time at reset. */
  tableElements: 131_072,
  elementSegments: 20_000,
  elementsInSegment: 131_072,
  dataSegments: 50_000,
  /** One parameter is added by the pass; engines stop at 1,000. */
  params: 999,
  results: 999,
  /** Engines stop at 50,000 locals. */
  locals: 40_000,
  nameBytes: 10 * KIB,
  /** Parameters and locals of all functions together: a few bytes can declare as many as one function may have. */
  moduleLocals: 2_000_000,
  /** Places to edit in all bodies together, of 20 bytes each while the pass runs. */
  moduleEdits: 4_000_000,
  /** Operands that calls and branches of many values move, counted over the module: two bytes can move a thousand. */
  movedOperands: 20_000_000,
  /** The three bounds that keep an optimising compiler's time per body in the milliseconds. */
  bodyBytes: 192 * KIB,
  bodyLoops: 500,
  bodyNesting: 2_000,
  branchTableTargets: 65_000,
} as const;
