// The only place that prints what a command found out, and why it could not.
import { ERROR_CATEGORIES, jsonContext, ProtocolError } from "#protocol/protocol-error.ts";
import { coloured } from "./colour.ts";
import type { Answer } from "./command.ts";
import type { Io } from "./io.ts";

/** JSON with bigints as decimal strings, on one line: nothing else goes to standard output. */
export function toJsonLine(value: unknown): string {
  const text = JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field));
  return `${text}\n`;
}

/** Prints an answer and gives the exit code. */
export function printAnswer(io: Io, json: boolean, answer: Answer): number {
  if (json) io.out(toJsonLine(answer.json));
  else if (answer.text !== "") io.out(`${answer.text}\n`);
  return answer.exitCode ?? 0;
}

/**
 * Prints why the command failed, on standard error, and gives the exit code. With --json standard output gets the same
 * as one object, `{ "error": { code, category, message, hint, context, exitCode } }`, so that a program reads one stream.
 */
export function printError(io: Io, json: boolean, error: unknown): number {
  const known = toKnown(error);
  const { exitCode } = ERROR_CATEGORIES[known.category];
  if (json) {
    const { code, category, message, hint, context, retryable } = known;
    io.out(
      toJsonLine({ error: { code, category, message, hint, context: jsonContext(context), retryable, exitCode } }),
    );
    return exitCode;
  }
  io.err(`${coloured("red", "Error:", process.stderr)} ${known.message}\n`);
  for (const line of contextLines(known)) io.err(`  ${line}\n`);
  if (known.hint) io.err(`${coloured("bold", "Next:", process.stderr)} ${known.hint}\n`);
  // A person's mistake needs no stack; a bug of ours does.
  if (known.category === "internal" && error instanceof Error) io.err(`${error.stack ?? ""}\n`);
  return exitCode;
}

function toKnown(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof Error && (error.name === "AbortError" || error.message.startsWith("Stopped by "))) {
    return new ProtocolError("cancelled", "cancelled", "The command was stopped.", {
      hint: "Run mimik job resume to go on with what was under way.",
    });
  }
  const system = systemError(error);
  if (system) return system;
  const message = error instanceof Error ? error.message : String(error);
  return new ProtocolError("internal", "internal", `The program failed: ${message}`, {
    hint: "This is a bug. Report it with the lines below.",
    cause: error,
  });
}

/** What the operating system refuses is no bug of ours. */
function systemError(error: unknown): ProtocolError | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT") {
    return new ProtocolError("not-found", "file-missing", `There is no ${path ?? "such file"}.`, {
      hint: "Check the path.",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new ProtocolError("unauthorized", "file-forbidden", `No permission for ${path ?? "a file"}.`, {
      hint: "Check who owns it and its mode.",
      cause: error,
    });
  }
  if (code === "EISDIR") {
    return new ProtocolError("invalid", "file-wanted", `${path ?? "The path"} is a folder, a file is wanted.`, {
      hint: "Name a file.",
      cause: error,
    });
  }
  return undefined;
}

/** Lists in the context, such as who failed and why, belong on the screen; single values are in the message already. */
function contextLines({ context }: ProtocolError): string[] {
  return Object.values(context).flatMap((value) => (Array.isArray(value) ? value.map(String) : []));
}
