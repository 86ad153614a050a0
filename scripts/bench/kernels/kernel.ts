// A small program whose run time with and without metering is compared.
import binaryen from "binaryen";

export interface Kernel {
  readonly name: string;
  /** The text of a module that exports `run: (i32) -> i32`, written as an optimising compiler leaves it. */
  readonly text: string;
  /** Argument of `run`, for some milliseconds of work. */
  readonly argument: number;
}

/** @throws when the text is not valid */
export function assemble(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.MutableGlobals | binaryen.Features.SignExt | binaryen.Features.BulkMemory);
    if (!module.validate()) throw new Error("The kernel is not a valid module.");
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}
