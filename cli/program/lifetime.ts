// How a long-running program learns that it should end, and tells whoever started it that it serves.

/** What a program sends over the IPC channel to its parent, if it has one. */
export interface ReadyMessage {
  readonly ready: string;
}

/** Tells the parent program the URL under which this one serves. */
export function announceReady(url: string): void {
  process.send?.({ ready: url } satisfies ReadyMessage);
}

/**
 * Aborts on Ctrl-C, on SIGTERM or SIGHUP, and when the parent program is gone: a child must not outlive it. A second
 * Ctrl-C ends the process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (reason: string) => {
    if (controller.signal.aborted && reason === "SIGINT") process.exit(130);
    controller.abort(new Error(`Stopped by ${reason}`));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(signal));
  if (process.channel) process.on("disconnect", () => stop("the end of its parent program"));
  return controller.signal;
}

/** Resolves when `stopSignal` would abort. */
export function untilStopped(signal: AbortSignal = stopSignal()): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    // An event listener alone does not keep a process alive.
    const alive = setInterval(() => {}, 2 ** 30);
    signal.addEventListener("abort", () => {
      clearInterval(alive);
      resolve();
    });
  });
}
