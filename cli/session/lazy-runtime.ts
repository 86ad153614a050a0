// A runtime for work that seldom comes: its executor is started when there is something to run.
import { createRuntime, type Runtime } from "#runtime/runtime.ts";

export function lazyRuntime(): Pick<Runtime, "run"> & AsyncDisposable {
  let started: Promise<Runtime> | undefined;
  return {
    run: async (...call) => {
      started ??= createRuntime({ executors: 1 });
      return (await started).run(...call);
    },
    async [Symbol.asyncDispose]() {
      // One that could not be started has told so to whoever wanted to run.
      await (await started?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}
