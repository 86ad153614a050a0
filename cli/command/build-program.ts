// From the tree of commands to the parser: help with examples, refusal of unknown flags, one set of common flags.
import { Command as Parser } from "commander";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { SETTING_FLAGS } from "../settings/setting-flags.ts";
import { VERSION } from "../version.ts";
import type { CommandGroup, Flag, RawOptions, RunnableCommand } from "./command.ts";
import type { Io } from "./io.ts";

/** What was asked for, once it is parsed. */
export type OnCommand = (command: RunnableCommand, raw: RawOptions, argument: string | undefined) => Promise<void>;

export interface ProgramOptions {
  readonly tree: readonly (RunnableCommand | CommandGroup)[];
  readonly io: Io;
  readonly onCommand: OnCommand;
}

export function buildProgram({ tree, io, onCommand }: ProgramOptions): Parser {
  const program = parser("mimik", "The exchange where any computer is a cloud node. Nobody stands in the middle.", io);
  program.version(VERSION, "-V, --version", "print the version");
  for (const entry of tree) {
    if (isGroup(entry)) program.addCommand(groupParser(entry, io, onCommand));
    else program.addCommand(commandParser(entry, io, onCommand));
  }
  program.addHelpText(
    "after",
    "\nStart with: mimik up, then in another terminal: mimik run examples/licence-audit --input FILE",
  );
  return program;
}

export function isGroup(entry: RunnableCommand | CommandGroup): entry is CommandGroup {
  return "commands" in entry;
}

function groupParser(group: CommandGroup, io: Io, onCommand: OnCommand): Parser {
  const sub = parser(group.name, group.summary, io);
  for (const command of group.commands) sub.addCommand(commandParser(command, io, onCommand));
  return sub;
}

function commandParser(command: RunnableCommand, io: Io, onCommand: OnCommand): Parser {
  const sub = parser(command.name, command.summary, io);
  if (command.argument) sub.argument(command.argument.form, command.argument.summary);
  else sub.allowExcessArguments(false);
  for (const flag of command.flags) addFlag(sub, flag);
  sub.optionsGroup("Common options:");
  for (const flag of SETTING_FLAGS) addFlag(sub, flag);
  const examples = command.examples.map((example) => `  $ ${example}`).join("\n");
  sub.addHelpText("after", `\nExamples:\n${examples}`);
  sub.action(async (...given: unknown[]) => {
    const argument = command.argument ? (given[0] as string | undefined) : undefined;
    await onCommand(command, sub.opts() as RawOptions, argument);
  });
  sub.name(command.name).usage(`${command.argument ? `${command.argument.form} ` : ""}[options]`);
  return sub;
}

function addFlag(sub: Parser, { form, summary, repeated }: Flag): void {
  if (!repeated) sub.option(form, summary);
  else sub.option(form, summary, (value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
}

function parser(name: string, summary: string, io: Io): Parser {
  return new Parser(name)
    .description(summary)
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => {}, outputError: () => {} });
}

/** A parser's refusal as our error. */
export function usageError(message: string, path: string): ProtocolError {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const suggestion = rest.join(" ").replace(/^\(|\)$/g, "");
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}.`;
  return new ProtocolError("invalid", "usage", sentence, {
    hint: `${suggestion ? `${suggestion} ` : ""}See ${path} --help.`,
  });
}
