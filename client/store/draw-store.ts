// Draws that have been asked for and not yet become a proved lease, as files under the consumer's home. Each holds the
// session key of the lease it is for, so it is written before anything is asked for.
import { existsSync, rmSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "viem";
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import * as wire from "#protocol/wire.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { readLimited, writeDurably } from "./durable-file.ts";
import { lockFile } from "./file-lock.ts";

const openDraw = z.strictObject({
  version: z.literal(1),
  subject: wire.bytes32,
  chainId: z.int(),
  exchange: wire.address,
  committee: z.strictObject({
    consumer: wire.address,
    sessionKey: wire.address,
    salt: wire.bytes32,
    size: z.int().min(1).max(LIMITS.committeeNodes),
  }),
  /** Private key of the lease that the committee is drawn for. */
  sessionKey: wire.bytes32,
  createdAt: z.int(),
});
export type OpenDraw = Omit<z.output<typeof openDraw>, "sessionKey"> & { readonly sessionKey: Hex };

export interface DrawStore {
  save(draw: OpenDraw): Promise<void>;
  /** Oldest first; files that cannot be read are left out. */
  all(): Promise<readonly OpenDraw[]>;
  forget(subject: Hex): Promise<void>;
  /** Nobody else works on the draw until disposed. @throws `job-in-progress` */
  lock(subject: Hex): Promise<Disposable>;
}

/** Opens the store under `home`, making its directory where there is none. */
export async function openDrawStore(home: string): Promise<DrawStore> {
  const directory = join(home, "draws");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = (subject: Hex) => join(directory, `${subject}.json`);
  return {
    save: (draw) => writeDurably(path(draw.subject), wire.toWire(draw)),
    all: async () => {
      const names = (await readdir(directory)).filter((name) => name.endsWith(".json")).slice(0, CLIENT_LIMITS.records);
      const draws = await Promise.all(names.map((name) => readDraw(join(directory, name)).catch(() => undefined)));
      return draws.filter((draw) => draw !== undefined).toSorted((a, b) => a.createdAt - b.createdAt);
    },
    forget: (subject) => rm(path(subject), { force: true }),
    lock: async (subject) => {
      const lockPath = join(directory, `${subject}.lock`);
      const lock = await lockFile(lockPath);
      return {
        [Symbol.dispose]: () => {
          lock[Symbol.dispose]();
          // A subject that is forgotten is never drawn for again, so nobody can hold another file of that name.
          if (!existsSync(path(subject))) rmSync(lockPath, { force: true });
        },
      };
    },
  };
}

async function readDraw(path: string): Promise<OpenDraw | undefined> {
  const bytes = await readLimited(path, CLIENT_LIMITS.drawBytes);
  return bytes && wire.parseWire(openDraw, JSON.parse(new TextDecoder().decode(bytes)), "draw file");
}
