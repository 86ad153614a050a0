// What every handler is given: where settings come from, how to report progress, and when to stop.

import type { SettingFlags } from "../settings/setting-flags.ts";
import type { Io } from "./io.ts";
import type { Progress } from "./progress.ts";

export interface CommandContext {
  readonly io: Io;
  /** One JSON object is wanted instead of text. */
  readonly json: boolean;
  /** Flags that stand above environment and config file. */
  readonly settingFlags: SettingFlags;
  readonly progress: Progress;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}
