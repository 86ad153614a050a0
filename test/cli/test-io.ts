// A terminal in memory.
import { type Io, processIo } from "#cli/command/io.ts";
import { main } from "#cli/main.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command in this process; `env` is all that it sees of an environment. */
export async function mimik(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  input = "",
): Promise<Ran> {
  let out = "";
  let err = "";
  const io: Io = {
    ...processIo(),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    interactive: false,
    env,
    readInput: () => new TextEncoder().encode(input),
  };
  const code = await main(argv, io);
  return { code, out, err };
}
