// Progress on standard error: a spinner for people, nothing for pipes and --json.
import type { Io } from "./io.ts";

export interface Progress {
  /** What is under way now. */
  readonly update: (message: string) => void;
  /** Something worth keeping on the screen. */
  readonly note: (message: string) => void;
  /** Takes the spinner away. */
  readonly stop: () => void;
}

export const silentProgress: Progress = { update: () => {}, note: () => {}, stop: () => {} };

/** Loaded only for a terminal: the prompts library costs more to start than most commands. */
export async function terminalProgress(io: Io, json: boolean): Promise<Progress> {
  if (json || !io.interactive) return silentProgress;
  const { log, spinner } = await import("@clack/prompts");
  const output = process.stderr;
  let active: ReturnType<typeof spinner> | undefined;
  const stop = (message?: string) => {
    active?.stop(message);
    active = undefined;
  };
  return {
    update: (message) => {
      if (active) active.message(message);
      else {
        active = spinner({ output });
        active.start(message);
      }
    },
    note: (message) => {
      stop();
      log.step(message, { output });
    },
    stop: () => stop(),
  };
}
