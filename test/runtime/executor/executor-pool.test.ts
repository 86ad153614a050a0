import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultExecutorCode } from "#runtime/executor/launch-executor.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { imageOf, invocationOf, textOf } from "../runtime-fixture.ts";

const { readable } = defaultExecutorCode();
const here = fileURLToPath(new URL(".", import.meta.url));
const code = { entry: join(here, "faulty-executor-main.ts"), readable: [...readable, here] };
const faulty = (watchdogFloorMillis = 60_000) =>
  createRuntime({ executors: 1, isolation: "process", code, watchdogFloorMillis });
const image = await imageOf("export default { fetch() {} }");
const other = await imageOf("export default { fetch() { return 2; } }");
const order = (text: string) => invocationOf(text, { fuel: 0n });

test("a crash, nonsense or a false answer costs only the call that caused it", async () => {
  for (const [fault, message] of [
    ["crash", /code 7/],
    ["garbage", /spoke nonsense|not one of ours/],
    ["unknown", /type 77/],
    ["foreign", /not asked/],
  ] as const) {
    await using runtime = await faulty();
    const [before, bad, after] = await Promise.allSettled(
      ["one", fault, "two"].map((text) => runtime.run(image, order(text))),
    );
    assert.equal(bad?.status, "rejected");
    const { reason } = bad as PromiseRejectedResult;
    assert.equal(reason.code, "host-fault");
    assert.equal(reason.retryable, true);
    assert.match(reason.message, message);
    assert.equal(before?.status === "fulfilled" && textOf(before.value), "one");
    assert.equal(after?.status === "fulfilled" && textOf(after.value), "two");
  }
});

test("a call that hangs outside the meter is ended by the watchdog; three of them strike the image out", async () => {
  await using runtime = await faulty(200);
  for (let strike = 0; strike < 3; strike++) {
    await assert.rejects(runtime.run(image, order("hang")), { code: "host-fault", message: /in time/ });
  }
  await assert.rejects(runtime.run(image, order("fine")), { code: "image-struck-out" });
  assert.equal(textOf(await runtime.run(other, order("fine"))), "fine");
});

test("calls sent ahead survive the executor that died under them", async () => {
  await using runtime = await faulty();
  for (let warm = 0; warm < 20; warm++) await runtime.run(image, order("warm"));
  const texts = Array.from({ length: 40 }, (_, index) => (index === 20 ? "crash" : `n${index}`));
  const results = await Promise.allSettled(texts.map((text) => runtime.run(image, order(text))));
  results.forEach((result, index) => {
    if (index === 20) assert.equal(result.status, "rejected");
    else assert.equal(result.status === "fulfilled" && textOf(result.value), `n${index}`);
  });
});

test("an executor that cannot start is a typed failure with its last words", async () => {
  const broken = { entry: join(here, "no-such-file.ts"), readable: [here] };
  await assert.rejects(createRuntime({ executors: 1, isolation: "process", code: broken }), {
    code: "executor-failed",
    message: /no-such-file/,
  });
});
