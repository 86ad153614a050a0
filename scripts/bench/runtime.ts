// The runtime's figures: the pass, instances, the JavaScript lane, executors, and what peers pay, all in one run.
import { benchExecutor, benchPeers } from "./runtime-executor.ts";
import { benchJavascript } from "./runtime-javascript.ts";
import { benchColdStart, benchOverhead, benchPass, benchPooledCalls, benchUnseenModule } from "./runtime-metering.ts";

export async function benchRuntime(): Promise<object> {
  return rounded({
    coldStartMicros: benchColdStart(),
    pooledCallsPerSecond: benchPooledCalls(),
    unseenModuleMillis: benchUnseenModule(),
    passMegabytesPerSecond: benchPass(),
    overheadPercent: benchOverhead(),
    javascript: await benchJavascript(),
    executor: await benchExecutor(),
    peers: await benchPeers(),
  });
}

/** Three digits: more would be noise. */
function rounded(report: Record<string, unknown>): object {
  return JSON.parse(
    JSON.stringify(report, (_key, value: unknown) =>
      typeof value === "number" ? Number(value.toPrecision(3)) : value,
    ),
  );
}
