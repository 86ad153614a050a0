// The engine's functions by their own names: its build shortens them to one or two letters.

type Pointer = number;

/** Functions of the QuickJS build that this runtime calls; every argument and result is a 32-bit number. */
export interface QuickjsExports {
  readonly initialise: () => void;
  readonly malloc: (bytes: number) => Pointer;
  readonly free: (pointer: Pointer) => void;
  readonly newRuntime: () => Pointer;
  readonly setMaxStackSize: (runtime: Pointer, bytes: number) => void;
  readonly newContext: (runtime: Pointer, intrinsics: number) => Pointer;
  readonly undefinedValue: () => Pointer;
  readonly freeValue: (context: Pointer, value: Pointer) => void;
  readonly duplicateValue: (context: Pointer, value: Pointer) => Pointer;
  readonly newObject: (context: Pointer) => Pointer;
  readonly newFunction: (context: Pointer, name: Pointer, arity: number, isConstructor: number, id: number) => Pointer;
  readonly newArrayBuffer: (context: Pointer, bytes: Pointer, length: number) => Pointer;
  readonly arrayBuffer: (context: Pointer, value: Pointer) => Pointer;
  readonly arrayBufferLength: (context: Pointer, value: Pointer) => number;
  readonly newString: (context: Pointer, text: Pointer) => Pointer;
  readonly decodeBinaryJson: (context: Pointer, arrayBuffer: Pointer) => Pointer;
  readonly string: (context: Pointer, value: Pointer) => Pointer;
  readonly freeString: (context: Pointer, text: Pointer) => void;
  readonly float64: (context: Pointer, value: Pointer) => number;
  readonly setProperty: (context: Pointer, target: Pointer, name: Pointer, value: Pointer) => void;
  readonly globalObject: (context: Pointer) => Pointer;
  readonly call: (context: Pointer, callee: Pointer, receiver: Pointer, count: number, pointers: Pointer) => Pointer;
  readonly throwValue: (context: Pointer, error: Pointer) => Pointer;
  readonly newError: (context: Pointer) => Pointer;
  readonly resolveException: (context: Pointer, value: Pointer) => Pointer;
  readonly evaluate: (
    context: Pointer,
    source: Pointer,
    length: number,
    fileName: Pointer,
    detectModule: number,
    flags: number,
  ) => Pointer;
  readonly promiseState: (context: Pointer, promise: Pointer) => number;
  readonly promiseResult: (context: Pointer, promise: Pointer) => Pointer;
  readonly isJobPending: (runtime: Pointer) => number;
  readonly executePendingJob: (runtime: Pointer, jobsMax: number, lastContext: Pointer) => Pointer;
}

const SHORT_NAMES: Readonly<Record<keyof QuickjsExports, string>> = {
  initialise: "u",
  malloc: "v",
  free: "M",
  newRuntime: "K",
  setMaxStackSize: "D",
  newContext: "N",
  undefinedValue: "E",
  freeValue: "P",
  duplicateValue: "T",
  newObject: "U",
  newFunction: "Da",
  newArrayBuffer: "X",
  arrayBuffer: "aa",
  arrayBufferLength: "ba",
  newString: "_",
  decodeBinaryJson: "Ka",
  string: "$",
  freeString: "S",
  float64: "Z",
  setProperty: "ja",
  globalObject: "ua",
  call: "ma",
  throwValue: "w",
  newError: "x",
  resolveException: "na",
  evaluate: "pa",
  promiseState: "wa",
  promiseResult: "xa",
  isJobPending: "fa",
  executePendingJob: "ga",
};

/** The engine's exports under long names. */
export function quickjsExports(exports: WebAssembly.Exports): QuickjsExports {
  const named = Object.entries(SHORT_NAMES).map(([name, short]) => [name, exports[short]]);
  return Object.fromEntries(named) as QuickjsExports;
}
