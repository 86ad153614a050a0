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
  const stopping = watchForStop();
  try {
    const context = { io, json, settingFlags: settingFlags(raw), progress, signal: stopping.signal };
    const answer = await command.run(raw, argument, context);
    progress.stop();
    return printAnswer(io, json, answer);
  } catch (error) {
    progress.stop();
    return printError(io, json, stopping.signal.aborted ? stopping.signal.reason : error);
  } finally {
    stopping[Symbol.dispose]();
  }
}

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Aborts on Ctrl-C, SIGTERM or SIGHUP, and when the program that started this one is gone. A second Ctrl-C ends the
 * process at once. Disposed, it lets the process end.
 */
function watchForStop(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const stop = (reason: string) => {
    if (controller.signal.aborted && reason === "SIGINT") process.exit(130);
    controller.abort(new Error(`Stopped by ${reason}`));
  };
  const onDisconnect = () => stop("the end of its parent program");
  for (const name of STOP_SIGNALS) process.on(name, stop);
  if (process.channel) process.on("disconnect", onDisconnect);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of STOP_SIGNALS) process.off(name, stop);
      process.off("disconnect", onDisconnect);
    },
  };
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
