// Runs test files in one process, one after the other, each as a suite of its name: test.ts starts it for each folder.
// A process for each file would load the same modules, and let the engine warm up on them, a hundred times over.
import { AsyncResource } from "node:async_hooks";
import { resolve } from "node:path";
import { suite } from "node:test";

let loaded: Promise<void> = Promise.resolve();
for (const file of process.argv.slice(2)) {
  suite(file, () => {
    // Tests and hooks belong to the suite in whose context their module runs. Two files that wait for the same module
    // would run in one context, so one file is loaded at a time.
    const load = AsyncResource.bind(async (): Promise<void> => import(resolve(file)));
    const mine = loaded.then(load);
    loaded = mine.catch(() => undefined);
    return mine;
  });
}
