// From a microservice's source files to the one JavaScript module of its image, the same bytes on every machine.
import { isBuiltin } from "node:module";
import { basename, dirname } from "node:path";
import type { OutputChunk, Plugin } from "rolldown";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { findAbsentUses } from "./absent-api.ts";

/**
 * Strips types and bundles the module at `entry` with everything it imports.
 * @throws `pack-absent-api`, `pack-no-handler`, `pack-failed`, `image-too-large`
 */
export async function bundleJavascript(entry: string): Promise<Uint8Array> {
  const chunk = await bundle(entry);
  if (!chunk.exports.includes("default")) {
    throw new ProtocolError("invalid", "pack-no-handler", `${entry} has no default export.`, {
      hint: "Write `export default { fetch(request) { return new Response(…) } }`.",
      context: { entry },
    });
  }
  const [absent] = findAbsentUses(chunk.code);
  if (absent) throw absentApi(absent.name, absent.reason, absent.line);
  const bytes = new TextEncoder().encode(chunk.code);
  if (bytes.length > LIMITS.imageLayerBytes) {
    throw new ProtocolError("too-large", "image-too-large", `The bundle of ${entry} has ${bytes.length} bytes.`, {
      hint: "Leave out what the microservice does not need, or send data with the request.",
      context: { size: bytes.length, limit: LIMITS.imageLayerBytes },
    });
  }
  return bytes;
}

async function bundle(entry: string): Promise<OutputChunk> {
  // Loaded on use: only packing needs the bundler, and it costs more to load than the rest of the program.
  const { rolldown } = await import("rolldown");
  const refusals: ProtocolError[] = [];
  try {
    await using build = await rolldown({
      input: entry,
      cwd: dirname(entry),
      platform: "neutral",
      // A tsconfig above the source would make the digest depend on where the source lies.
      tsconfig: false,
      logLevel: "silent",
      resolve: { mainFields: ["module", "main"], conditionNames: ["import", "default"] },
      experimental: { attachDebugInfo: "none" },
      plugins: [refuseBuiltins(refusals)],
    });
    const { output } = await build.generate({
      format: "esm",
      codeSplitting: false,
      sourcemap: false,
      comments: { legal: true, annotation: false, jsdoc: false },
    });
    const [missing] = output[0].imports;
    if (missing === undefined) return output[0];
    throw new Error(`"${missing}" cannot be found`);
  } catch (cause) {
    throw refusals[0] ?? packFailed(entry, cause);
  }
}

/** The bundler rewrites the code and message of what a plugin throws, so the refusal itself goes out by the side. */
function refuseBuiltins(refusals: ProtocolError[]): Plugin {
  return {
    name: "refuse-builtins",
    resolveId(source, importer) {
      if (!isBuiltin(source)) return null;
      const where = importer === undefined ? "the entry" : `imported by ${basename(importer)}`;
      const refusal = absentApi(source, "Node's own modules do not exist in the sandbox", where);
      refusals.push(refusal);
      throw new Error(refusal.message);
    },
  };
}

function absentApi(name: string, reason: string, where: string): ProtocolError {
  return new ProtocolError("invalid", "pack-absent-api", `Cannot pack: "${name}" is not there, ${reason} (${where}).`, {
    hint: "Remove the use, or guard it with `typeof`; docs/RUNTIME.md lists what a microservice has.",
    context: { name },
  });
}

function packFailed(entry: string, cause: unknown): ProtocolError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new ProtocolError("invalid", "pack-failed", `Cannot bundle ${entry}: ${what}`, {
    hint: "Correct the source and pack again.",
    context: { entry },
    cause,
  });
}
