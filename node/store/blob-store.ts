// Bytes by digest, as files. A file has its final name only when it is whole, right and on the disk.
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Chunks, inTime } from "#mesh/in-time.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest, UnixSeconds } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { StoreReader } from "./store-reader.ts";
import type { Pin, StoreWriter } from "./store-writer.ts";

export interface BlobStoreOptions {
  readonly directory: string;
  /** Above it, blobs that no order needs are deleted, the longest unused first. */
  readonly bytesMax: number;
  readonly now: () => UnixSeconds;
  /** From a body's first byte to its last. */
  readonly uploadMillis?: number;
}

export class BlobStore {
  readonly #reader: StoreReader;
  readonly #writer: StoreWriter;
  readonly #options: BlobStoreOptions;
  #uploads = 0;

  constructor(reader: StoreReader, writer: StoreWriter, options: BlobStoreOptions) {
    this.#reader = reader;
    this.#writer = writer;
    this.#options = options;
    const { directory } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory)) if (name.endsWith(".part")) rmSync(join(directory, name));
  }

  /**
   * Takes the blob that was announced as `digest` with `size` bytes, checking both while it comes in.
   * @throws `blob-too-many-uploads`, `blob-size-wrong`, `blob-digest-wrong`, `blob-too-slow`, `blob-interrupted`
   */
  async receive(digest: Digest, size: number, chunks: Chunks, pin?: Pin): Promise<void> {
    if (this.#uploads >= NODE_LIMITS.uploads) throw tooManyUploads();
    this.#uploads++;
    const part = join(this.#options.directory, `${randomUUID()}.part`);
    try {
      await writeChecked(
        part,
        digest,
        size,
        inTime(chunks, {
          millis: this.#options.uploadMillis ?? NODE_LIMITS.uploadMillis,
          late: tooSlow,
          broken: interrupted,
        }),
      );
      await this.#keep(part, digest, size, pin);
    } finally {
      this.#uploads--;
      await rm(part, { force: true });
    }
  }

  /** Keeps bytes of the node's own making. */
  async put(digest: Digest, bytes: Uint8Array, pin: Pin): Promise<void> {
    const part = join(this.#options.directory, `${randomUUID()}.part`);
    try {
      const file = await open(part, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#keep(part, digest, bytes.length, pin);
    } finally {
      await rm(part, { force: true });
    }
  }

  /**
   * The blob's bytes, checked: a disk may rot.
   * @throws `blob-missing`, also for one that was corrupt, which is deleted then
   */
  async read(digest: Digest): Promise<Uint8Array> {
    const bytes = await readFile(this.#path(digest)).catch(() => undefined);
    if (bytes && `sha256:${createHash("sha256").update(bytes).digest("hex")}` === digest) return bytes;
    await this.#remove(digest);
    throw new ProtocolError("not-found", "blob-missing", `The blob ${digest} is not here.`, {
      hint: "Send it with PUT, or send the order again.",
      context: { digest },
    });
  }

  async #keep(part: string, digest: Digest, size: number, pin?: Pin): Promise<void> {
    await rename(part, this.#path(digest));
    await syncDirectory(this.#options.directory);
    this.#writer.addBlob(digest, size, pin);
    await this.#evict();
  }

  async #evict(): Promise<void> {
    const now = this.#options.now();
    let excess = this.#reader.blobBytes(now).stored - this.#options.bytesMax;
    if (excess <= 0) return;
    for (const { digest, size } of this.#reader.evictable(now, LIMITS.orderBlobs)) {
      if (excess <= 0) return;
      await this.#remove(digest);
      excess -= size;
    }
  }

  /** The row goes first: a file without a row is only space, a row without a file is a promise broken. */
  async #remove(digest: Digest): Promise<void> {
    this.#writer.removeBlob(digest);
    await rm(this.#path(digest), { force: true });
  }

  #path(digest: Digest): string {
    return join(this.#options.directory, digest.slice("sha256:".length));
  }
}

async function writeChecked(path: string, digest: Digest, size: number, chunks: Chunks): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    const [received, found] = await writeChunks(file, size, chunks);
    if (received !== size) throw wrongSize(digest, size, received);
    if (found !== digest) {
      throw new ProtocolError("invalid", "blob-digest-wrong", `The bytes sent as ${digest} have the digest ${found}.`, {
        hint: "Send the bytes that the digest names.",
        context: { digest, found },
      });
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeChunks(file: FileHandle, size: number, chunks: Chunks): Promise<[number, string]> {
  const hash = createHash("sha256");
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > size) break;
    hash.update(chunk);
    await file.write(chunk);
  }
  return [received, `sha256:${hash.digest("hex")}`];
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function wrongSize(digest: Digest, size: number, received: number): ProtocolError {
  const found = received > size ? "more" : `${received}`;
  return new ProtocolError("invalid", "blob-size-wrong", `${digest} was declared with ${size} bytes, ${found} came.`, {
    hint: "Declare the blob's size in the order as it is.",
    context: { digest, size, received },
  });
}

function tooSlow(millis: number): ProtocolError {
  return new ProtocolError("timeout", "blob-too-slow", `The blob was not here after ${millis} ms.`, {
    hint: "Send it again over a faster path.",
    context: { limitMillis: millis },
  });
}

function interrupted(cause: unknown): ProtocolError {
  return new ProtocolError("invalid", "blob-interrupted", "The blob's body ended early.", {
    hint: "Send it again.",
    retryable: true,
    cause,
  });
}

function tooManyUploads(): ProtocolError {
  return new ProtocolError("busy", "blob-too-many-uploads", "The node receives as many blobs as it can.", {
    hint: "Send it again in a moment.",
    context: { limit: NODE_LIMITS.uploads },
  });
}
