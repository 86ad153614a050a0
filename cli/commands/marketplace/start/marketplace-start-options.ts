// The flags of mimik marketplace start.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { integerOption, textOption } from "../../../command/option-values.ts";

export const marketplaceStartFlags: readonly Flag[] = [
  { form: "--data <folder>", summary: "folder of its database; marketplace/ in the home by default" },
  { form: "--host <address>", summary: "where to listen, 127.0.0.1 by default" },
  { form: "--port <number>", summary: "where to listen, 8700 by default, 0 for any" },
  { form: "--confirmations <number>", summary: "blocks on top of one before it counts as final" },
];

export interface MarketplaceStartOptions {
  readonly data: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly confirmations: number | undefined;
}

export function marketplaceStartOptions(raw: RawOptions): MarketplaceStartOptions {
  return {
    data: textOption(raw, "data"),
    host: textOption(raw, "host"),
    port: integerOption(raw, "port", 0, 65_535),
    confirmations: integerOption(raw, "confirmations", 0, 10_000),
  };
}
