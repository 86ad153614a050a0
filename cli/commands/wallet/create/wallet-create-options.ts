// The flags of mimik wallet create.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { textOption } from "../../../command/option-values.ts";

export const walletCreateFlags: readonly Flag[] = [
  {
    form: "--import-file <file>",
    summary: "file with a private key to keep, 0x and 64 hex digits; a new key without it",
  },
];

export interface WalletCreateOptions {
  readonly name: string;
  readonly importFile: string | undefined;
}

export function walletCreateOptions(raw: RawOptions, argument: string | undefined): WalletCreateOptions {
  return { name: argument ?? "default", importFile: textOption(raw, "importFile") };
}
