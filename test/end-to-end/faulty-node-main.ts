// A real node program with one planted fault in how it runs jobs, named by MIMIK_TEST_FAULT. Everything else is real.
import { setTimeout as sleep } from "node:timers/promises";
import { announceReady, stopSignal, untilStopped } from "#cli/program/lifetime.ts";
import { nodeConfig } from "#node/config/node-config.ts";
import { readNodeSettings } from "#node/config/node-settings.ts";
import { openFoundation } from "#node/node-foundation.ts";
import type { RunJob } from "#node/orders/order-parts.ts";
import { startNode } from "#node/start-node.ts";
import { encodeResponse } from "#protocol/message.ts";

/** `slow:N` sleeps N seconds before it runs, `slow:N:WORD` only where the request has WORD; `lie:TEXT` answers TEXT instead; `none` is honest. */
function planted(fault: string, honest: RunJob): RunJob {
  const [kind, value = "", word = ""] = fault.split(":");
  return async (job) => {
    if (kind === "slow" && Buffer.from(job.invocation.request).includes(word))
      await sleep(Number(value) * 1_000, undefined, { signal: job.signal });
    const execution = await honest(job);
    if (kind !== "lie") return execution;
    const response = encodeResponse({ status: 200, headers: [], body: new TextEncoder().encode(value) });
    return { ...execution, response, usage: { ...execution.usage, bytesOut: response.length } };
  };
}

const stopped = stopSignal();
const node = await startNode(nodeConfig(readNodeSettings()), async (config) => {
  const foundation = await openFoundation(config);
  return { ...foundation, runJob: planted(process.env.MIMIK_TEST_FAULT ?? "none", foundation.runJob) };
});
announceReady(node.url);
await untilStopped(stopped);
await node[Symbol.asyncDispose]();
process.exit(0);
