// A test instrument: a program with executors, one of them busy, that is going to be killed. Its argument marks the
// executors' command lines.
import { defaultExecutorCode } from "#runtime/executor/launch-executor.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { imageOf, invocationOf } from "./runtime-fixture.ts";

const code = defaultExecutorCode();
const mark = process.argv[2] ?? "";
const runtime = await createRuntime({ executors: 1, code: { ...code, readable: [...code.readable, mark] } });
const image = await imageOf("export default { fetch() { for (;;); } }");
runtime.run(image, invocationOf("", { fuel: 3_000_000_000n })).catch(() => undefined);
process.stdout.write("running\n");
