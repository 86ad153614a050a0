// Files that survive a crash whole: written beside, synced, then renamed.
import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ProtocolError } from "#protocol/protocol-error.ts";

/** Replaces `path` by `content`, readable by its owner alone. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** The file's bytes; undefined when there is none. @throws `file-too-large` */
export async function readLimited(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    if (size > bytesMax) {
      throw new ProtocolError("too-large", "file-too-large", `${path} has ${size} bytes, the limit is ${bytesMax}.`, {
        hint: "Choose a smaller file.",
        context: { path, size, limit: bytesMax },
      });
    }
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A rename is durable only when its directory is. Windows cannot sync a directory and needs not to. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
