// What the reader knows of a module: its index spaces, and where in the bytes each part lies.
import type { FunctionType } from "./value-type.ts";

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

export interface TableType extends Limits {
  readonly element: number;
}

export interface GlobalType {
  readonly type: number;
  readonly mutable: boolean;
}

export type ExternalKind = "function" | "table" | "memory" | "global";

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Index of the entity in the index space of its kind. */
  readonly index: number;
}

export interface ModuleExport {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

/** A run of bytes in the module. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface SectionEntries extends ByteRange {
  readonly count: number;
}

export interface ModuleShape {
  readonly bytes: Uint8Array;
  readonly types: FunctionType[];
  readonly imports: ModuleImport[];
  /** Type index of every function, imported ones first. */
  readonly functions: number[];
  importedFunctions: number;
  readonly tables: TableType[];
  importedTables: number;
  memory: Limits | undefined;
  memoryImported: boolean;
  readonly globals: GlobalType[];
  importedGlobals: number;
  readonly exports: ModuleExport[];
  start: number | undefined;
  /** Reference type of every element segment. */
  readonly elementTypes: number[];
  dataCount: number | undefined;
  dataSegments: number;
  /** Functions whose reference can be taken: in an element segment, an export or a global's initial value. */
  readonly referenced: Set<number>;
  /** Functions that an element segment or a global's initial value can hand to call_indirect. */
  readonly inTables: Set<number>;
  /** Bodies of the defined functions: locals and code, without the size. */
  readonly bodies: ByteRange[];
  /** Entries of each vector section, by section id: their number and their bytes after the number. */
  readonly sections: Map<number, SectionEntries>;
}
