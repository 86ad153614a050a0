// The flags of mimik share harvest.
import type { Flag } from "../../../command/command.ts";

export const shareHarvestFlags: readonly Flag[] = [];

export type ShareHarvestOptions = Readonly<Record<string, never>>;

export function shareHarvestOptions(): ShareHarvestOptions {
  return {};
}
