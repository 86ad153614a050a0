// What `mimik up` leaves in the home folder, so that commands in another terminal need no settings.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ProtocolError } from "#protocol/protocol-error.ts";
import * as wire from "#protocol/wire.ts";

const localContext = z.object({
  version: z.literal(1),
  /** The process that keeps the local market up. */
  pid: z.int().positive(),
  rpcUrl: z.string().max(256),
  chainId: z.int().positive(),
  exchange: wire.address,
  token: wire.address,
  deployedAt: z.int().min(0),
  marketplace: z.string().max(256),
  nodes: z
    .array(
      z.object({ name: z.string().max(64), endpoint: z.string().max(256), node: wire.address, owner: wire.address }),
    )
    .max(64),
  /** In the home's keystore. */
  wallets: z.array(z.object({ name: z.string().max(64), address: wire.address })).max(64),
  /** Name of the consumer's wallet, which commands use when none is named. */
  wallet: z.string().max(64),
  /** The wallets' password; their money is worthless. */
  passwordFile: z.string().max(4_096),
});
export type LocalContext = z.output<typeof localContext>;

const FILE = "local.json";

/** Replaces the context of `home`. */
export async function writeLocalContext(home: string, context: LocalContext): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const temporary = join(home, `${FILE}.${process.pid}.tmp`);
  await writeFile(temporary, `${JSON.stringify(localContext.parse(context), undefined, 2)}\n`, { mode: 0o600 });
  await rename(temporary, join(home, FILE));
}

/** The context of `home`; undefined when there is none. @throws `local-context-malformed` */
export async function readLocalContext(home: string): Promise<LocalContext | undefined> {
  const path = join(home, FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return localContext.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProtocolError("invalid", "local-context-malformed", `${path} is not what mimik up writes.`, {
      hint: "Delete it; the next mimik up writes it again.",
      cause,
    });
  }
}

/** Commands in other terminals find no local market any more. */
export async function removeLocalContext(home: string): Promise<void> {
  await rm(join(home, FILE), { force: true });
}
