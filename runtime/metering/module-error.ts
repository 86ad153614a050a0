// Names why a module is not taken, with the byte offset at which it was seen.
import { ProtocolError } from "#protocol/protocol-error.ts";

/** The bytes are not a WebAssembly module. */
export function malformed(offset: number, reason: string): ProtocolError {
  return new ProtocolError(
    "invalid",
    "module-malformed",
    `Malformed WebAssembly module: ${reason} at byte ${offset}.`,
    {
      hint: "Build the module again; the file may be cut off or damaged.",
      context: { offset, reason },
    },
  );
}

/** The module breaks a rule of WebAssembly's validation. */
export function invalid(offset: number, reason: string): ProtocolError {
  return new ProtocolError("invalid", "module-invalid", `Invalid WebAssembly module: ${reason} at byte ${offset}.`, {
    hint: "Build the module with a compiler that validates its output.",
    context: { offset, reason },
  });
}

/** The module may be valid elsewhere; here it asks for what is not deterministic, not metered or too large. */
export function refused(offset: number, reason: string, hint?: string): ProtocolError {
  return new ProtocolError("rejected", "module-refused", `WebAssembly module refused: ${reason} at byte ${offset}.`, {
    hint: hint ?? "Build for WebAssembly 2.0 (plus tail calls) without threads, exceptions, GC and 64-bit memory.",
    context: { offset, reason },
  });
}
