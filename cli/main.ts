// The command line: parses, runs one command, prints its answer or its error, and gives the exit code.
import { CommanderError } from "commander";
import { buildProgram, usageError } from "./command/build-program.ts";
import type { RawOptions, RunnableCommand } from "./command/command.ts";
import { type Io, processIo } from "./command/io.ts";
import { printAnswer, printError } from "./command/print-answer.ts";
import { terminalProgress } from "./command/progress.ts";
import { COMMANDS } from "./commands/command-tree.ts";
import { settingFlags } from "./settings/setting-flags.ts";

/**
 * Runs `argv`, the words after the program's name.
 * @returns the exit code: 0 ok, 1 bug, 2 usage, 3 not found, 4 authorisation, 5 funds, 6 rejected, 7 timeout,
 * 8 network, 10 the job failed, 130 stopped
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let exitCode = 0;
  const onCommand = async (command: RunnableCommand, raw: RawOptions, argument: string | undefined) => {
    exitCode = await runCommand(io, command, raw, argument);
  };
  const program = buildProgram({ tree: COMMANDS, io, onCommand });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0 && error.code !== "commander.help") return 0;
      if (error.code === "commander.help") return groupHelp(io, argv);
      return printError(io, argv.includes("--json"), usageError(error.message, pathOf(argv)));
    }
    return printError(io, argv.includes("--json"), error);
  }
}

async function runCommand(
  io: Io,
  command: RunnableCommand,
  raw: RawOptions,
  argument: string | undefined,
): Promise<number> {
  const json = raw.json === true;
  const progress = await terminalProgress(io, json);
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => stop.abort(new Error(`Stopped by ${signal}`));
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  try {
    const context = { io, json, settingFlags: settingFlags(raw), progress, signal: stop.signal };
    const answer = await command.run(raw, argument, context);
    progress.stop();
    return printAnswer(io, json, answer);
  } catch (error) {
    progress.stop();
    return printError(io, json, stop.signal.aborted ? stop.signal.reason : error);
  } finally {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, onSignal);
  }
}

/** `mimik offer` alone: the group's help is the answer. */
async function groupHelp(io: Io, argv: readonly string[]): Promise<number> {
  const name = argv.find((word) => !word.startsWith("-")) ?? "";
  const program = buildProgram({ tree: COMMANDS, io, onCommand: async () => {} });
  io.out(program.commands.find((command) => command.name() === name)?.helpInformation() ?? program.helpInformation());
  return 0;
}

function pathOf(argv: readonly string[]): string {
  const words: string[] = ["mimik"];
  let level: readonly { readonly name: string; readonly commands?: readonly { readonly name: string }[] }[] = COMMANDS;
  for (const word of argv) {
    const found = level.find(({ name }) => name === word);
    if (!found) break;
    words.push(word);
    level = found.commands ?? [];
  }
  return words.join(" ");
}
