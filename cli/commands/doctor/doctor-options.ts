// The flags of mimik doctor.
import type { Flag } from "../../command/command.ts";

export const doctorFlags: readonly Flag[] = [];

export function doctorOptions(): Record<string, never> {
  return {};
}
