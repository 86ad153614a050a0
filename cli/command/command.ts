// What a command is: data for the help and the parser, and a handler that is loaded only when the command runs.
import type { CommandContext } from "./command-context.ts";

export interface Flag {
  /** As commander reads it: `--budget <tokens>` or `--yes`. */
  readonly form: string;
  readonly summary: string;
  /** May be given several times. */
  readonly repeated?: boolean;
}

/** Flags as the parser leaves them, by their camel-case names. */
export type RawOptions = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What a command gives back: one JSON object for programs, text for people. */
export interface Answer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** 0 unless said. */
  readonly exitCode?: number;
}

export type Handler<Options> = (options: Options, context: CommandContext) => Promise<Answer>;

export interface Command<Options> {
  readonly name: string;
  readonly summary: string;
  /** `<path>` when it must be given, `[path]` when it may. */
  readonly argument?: { readonly form: string; readonly summary: string };
  readonly flags: readonly Flag[];
  readonly examples: readonly [string, string, ...string[]];
  /** @throws ProtocolError of category `invalid`: a usage error */
  readonly options: (raw: RawOptions, argument: string | undefined) => Options;
  readonly load: () => Promise<Handler<Options>>;
}

/** A command whose options are parsed: what the program runs. */
export interface RunnableCommand extends Omit<Command<unknown>, "options" | "load"> {
  readonly run: (raw: RawOptions, argument: string | undefined, context: CommandContext) => Promise<Answer>;
}

export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly RunnableCommand[];
}

/** Ties a command's options to its handler, so that the tree of commands needs not know their type. */
export function defineCommand<Options>(command: Command<Options>): RunnableCommand {
  const { options, load, ...face } = command;
  return {
    ...face,
    run: async (raw, argument, context) => {
      const parsed = options(raw, argument);
      return (await load())(parsed, context);
    },
  };
}
