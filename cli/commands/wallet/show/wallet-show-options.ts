// The flags of mimik wallet show.
import type { Flag, RawOptions } from "../../../command/command.ts";

export const walletShowFlags: readonly Flag[] = [];

export interface WalletShowOptions {
  readonly name: string | undefined;
}

export function walletShowOptions(_raw: RawOptions, argument: string | undefined): WalletShowOptions {
  return { name: argument };
}
