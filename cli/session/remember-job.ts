// Tells a person how to go on with a job that was interrupted by something that passes.
import type { OnProgress } from "#client/progress.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

export interface RememberedJob {
  readonly onProgress: OnProgress;
  /** The error, with the job's name and the way to resume it where it is still open. */
  readonly withName: (error: unknown) => unknown;
}

/** Passes progress on to `next` and remembers the job's name from it. */
export function rememberJob(next: OnProgress): RememberedJob {
  let name: string | undefined;
  return {
    onProgress: (event) => {
      if (event.step === "planned") name = event.name;
      next(event);
    },
    withName: (error) => {
      if (name === undefined || !(error instanceof ProtocolError) || !error.retryable) return error;
      const { category, code, message, hint, context, cause } = error;
      return new ProtocolError(category, code, message, {
        hint: `${hint ? `${hint} ` : ""}Then go on with mimik job resume ${name}.`,
        context: { ...context, job: name },
        retryable: true,
        cause,
      });
    },
  };
}
