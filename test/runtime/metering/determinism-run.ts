// Test instrument: a process of its own that runs all modules of a folder, metered, and prints what each one did. Started
// by the determinism test under each of the engine's compilers.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { traceMetered } from "./fuzz-run.ts";

const directory = process.argv[2] ?? "";
const results = readdirSync(directory)
  .toSorted()
  .map((file) => {
    const metered = meterModule(readFileSync(join(directory, file)));
    const { lines, memoryHash, fuel } = traceMetered(metered);
    const hash = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
    return [file, hash(metered.bytes), hash(lines.join("\n")), memoryHash, fuel.join()].join(" ");
  });
process.stdout.write(results.join("\n"));
