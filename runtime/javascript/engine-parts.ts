// What the JavaScript lane is made of, as it is read, checked, metered and sent to executors. It holds no behaviour.

export interface PreludeFile {
  readonly name: string;
  readonly source: Uint8Array;
}

/** The engine's WebAssembly as its package ships it, and the web API that runs inside it, in order of evaluation. */
export interface EngineParts {
  readonly wasm: Uint8Array;
  readonly prelude: readonly PreludeFile[];
}

/** The same after the metering pass: the only form that is ever instantiated. */
export interface MeteredEngine extends EngineParts {
  readonly meteringVersion: number;
}
