// The flags of mimik pack.
import type { Flag, RawOptions } from "../../command/command.ts";
import { requireArgument, textOption } from "../../command/option-values.ts";

export const packFlags: readonly Flag[] = [
  { form: "--output <folder>", summary: "write the image there as an OCI image layout" },
];

export interface PackOptions {
  readonly path: string;
  readonly output: string | undefined;
}

export function packOptions(raw: RawOptions, argument: string | undefined): PackOptions {
  return { path: requireArgument(argument, "microservice"), output: textOption(raw, "output") };
}
