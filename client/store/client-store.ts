// Everything that a consumer must not lose, as files under its home: jobs, leases with their session keys, and the bytes
// of images, requests and responses by digest.
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { digestOf } from "#protocol/digest.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { BlobDescriptor } from "#protocol/node-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest } from "#protocol/units.ts";
import { parseWire, toWire } from "#protocol/wire.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { type CaughtRecord, caughtRecord } from "./caught-record.ts";
import { readLimited, writeDurably } from "./durable-file.ts";
import { lockFile } from "./file-lock.ts";
import { type JobRecord, jobRecord } from "./job-record.ts";
import { type LeaseRecord, leaseRecord } from "./lease-record.ts";

/** A change is one read and one small write; longer than that somebody is stuck. */
const LEASE_LOCK_MILLIS = 5_000;
const LEASE_ID = /^0x[0-9a-f]{64}$/;

export interface ClientStore {
  saveJob(record: JobRecord): Promise<void>;
  /** By its name, or by the start of an order's id, at least 6 characters. @throws `job-unknown`, `job-ambiguous` */
  job(reference: string): Promise<JobRecord>;
  /** Newest first; files that cannot be read are left out. */
  jobs(): Promise<readonly JobRecord[]>;
  /** Nobody else works on the job until disposed. @throws `job-in-progress` */
  lockJob(name: string): Promise<Disposable>;
  /** A lease that is new here; one that is known is changed by `changeLease`. */
  saveLease(record: LeaseRecord): Promise<void>;
  /** By its id or its start, at least 6 characters. @throws `lease-unknown`, `lease-ambiguous` */
  lease(reference: string): Promise<LeaseRecord>;
  leases(): Promise<readonly LeaseRecord[]>;
  /**
   * Reads the lease of that whole id, and stores what `change` makes of it, while no other process does the same; the
   * same object again is not written. Gives what is stored then.
   * @throws `lease-unknown`, and what `change` throws, which then changes nothing
   */
  changeLease(lease: string, change: (record: LeaseRecord) => LeaseRecord): Promise<LeaseRecord>;
  /** Of an order that is known already it takes the place. */
  saveCaught(record: CaughtRecord): Promise<void>;
  /** Committees that were caught with a wrong answer, newest first. */
  caught(): Promise<readonly CaughtRecord[]>;
  saveBlob(bytes: Uint8Array): Promise<Digest>;
  /** Checked against its digest; undefined when it is not kept. */
  blob(digest: Digest): Promise<Uint8Array | undefined>;
  /**
   * Forgets the oldest finished jobs, closed leases and caught committees beyond CLIENT_LIMITS.records of each, and blobs
   * that none of them names.
   */
  prune(): Promise<void>;
}

/** Opens the store under `home`, making its directories where there are none. */
export async function openClientStore(home: string, recordsMax: number = CLIENT_LIMITS.records): Promise<ClientStore> {
  const [jobsDir, leasesDir, caughtDir, blobsDir] = ["jobs", "leases", "caught", "job-blobs"].map((name) =>
    join(home, name),
  ) as [string, string, string, string];
  for (const directory of [jobsDir, leasesDir, caughtDir, blobsDir]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  const jobPath = (name: string) => join(jobsDir, `${name}.json`);
  const caughtPath = (orderId: string) => join(caughtDir, `${orderId}.json`);
  const blobPath = (digest: Digest) => join(blobsDir, digest.slice("sha256:".length));

  const jobs = async () => {
    const records = await readAll(jobsDir, jobRecord, "job file");
    return records.toSorted((a, b) => b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1));
  };
  const leases = () => readAll(leasesDir, leaseRecord, "lease file");
  const caught = async () =>
    (await readAll(caughtDir, caughtRecord, "caught file")).toSorted((a, b) => b.caughtAt - a.caughtAt);
  return {
    saveJob: (record) => writeDurably(jobPath(record.name), toWire(record)),
    job: async (reference) =>
      (await exactly(jobsDir, /^[0-9a-f]{12}$/, reference, jobRecord, "job file")) ??
      onlyOne("job", reference, await jobs(), ({ name, attempts }) => [
        name,
        ...attempts.flatMap((a) => a.orderId ?? []),
      ]),
    jobs,
    lockJob: (name) => lockFile(join(jobsDir, `${name}.lock`)),
    saveLease: (record) => writeDurably(join(leasesDir, `${record.lease}.json`), toWire(record)),
    lease: async (reference) =>
      (await exactly(leasesDir, LEASE_ID, reference, leaseRecord, "lease file")) ??
      onlyOne("lease", reference, await leases(), ({ lease }) => [lease]),
    leases,
    changeLease: async (lease, change) => {
      const path = join(leasesDir, `${lease}.json`);
      if (!LEASE_ID.test(lease)) throw unknown("lease", lease);
      using _lock = await lockFile(join(leasesDir, `${lease}.lock`), LEASE_LOCK_MILLIS);
      const record = await readRecord(path, leaseRecord, "lease file");
      if (!record) throw unknown("lease", lease);
      const changed = change(record);
      if (changed !== record) await writeDurably(path, toWire(changed));
      return changed;
    },
    saveCaught: (record) => writeDurably(caughtPath(record.orderId), toWire(record)),
    caught,
    saveBlob: async (bytes) => {
      const digest = digestOf(bytes);
      const known = await stat(blobPath(digest)).catch(() => undefined);
      if (known?.size !== bytes.length) await writeDurably(blobPath(digest), bytes);
      return digest;
    },
    blob: async (digest) => {
      const bytes = await readLimited(blobPath(digest), LIMITS.blobBytes);
      return bytes && digestOf(bytes) === digest ? bytes : undefined;
    },
    prune: async () => {
      await dropOldest(caughtDir, recordsMax, caught, ({ orderId }) => orderId);
      const newestLeases = async () => (await leases()).toSorted((a, b) => b.createdAt - a.createdAt);
      await dropOldest(leasesDir, recordsMax, newestLeases, ({ lease, closed }) => closed && lease);
      const kept = await dropOldest(jobsDir, recordsMax, jobs, ({ name, state }) => state !== "open" && name);
      if (!kept) return;
      await dropBlobs(blobsDir, [...namedBy(kept), ...(await caught()).flatMap(({ blobs }) => digestsOf(blobs))]);
    },
  };
}

/**
 * Removes the files of the oldest items beyond `max`, of those that may go.
 * @param fileOf the name of an item's file, false for one that must stay
 * @returns the items that are left; undefined when they are not too many
 */
async function dropOldest<Item>(
  directory: string,
  max: number,
  newestFirst: () => Promise<readonly Item[]>,
  fileOf: (item: Item) => string | false,
): Promise<readonly Item[] | undefined> {
  if (!(await isCrowded(directory, max))) return undefined;
  const items = await newestFirst();
  const dropped = new Set(oldest(items, max, (item) => fileOf(item) !== false));
  for (const item of dropped) await rm(join(directory, `${fileOf(item)}.json`), { force: true });
  return items.filter((item) => !dropped.has(item));
}

async function isCrowded(directory: string, recordsMax: number): Promise<boolean> {
  return (await readdir(directory)).filter((name) => name.endsWith(".json")).length > recordsMax;
}

/** As many of `newestFirst` as are too many, from its end, of those that may go. */
function oldest<Item>(newestFirst: readonly Item[], max: number, mayGo: (item: Item) => boolean): readonly Item[] {
  const excess = Math.max(0, newestFirst.length - max);
  return newestFirst.filter(mayGo).toReversed().slice(0, excess);
}

async function readAll<Value>(directory: string, schema: z.ZodType<Value>, what: string): Promise<Value[]> {
  const values: Value[] = [];
  for (const name of (await readdir(directory)).filter((name) => name.endsWith(".json"))) {
    const value = await readRecord(join(directory, name), schema, what).catch(() => undefined);
    if (value !== undefined) values.push(value);
  }
  return values;
}

/** The file of a whole name, without reading the others. */
async function exactly<Value>(
  directory: string,
  form: RegExp,
  reference: string,
  schema: z.ZodType<Value>,
  what: string,
): Promise<Value | undefined> {
  return form.test(reference) ? readRecord(join(directory, `${reference}.json`), schema, what) : undefined;
}

async function readRecord<Value>(path: string, schema: z.ZodType<Value>, what: string): Promise<Value | undefined> {
  const bytes = await readLimited(path, CLIENT_LIMITS.recordBytes);
  return bytes && parseWire(schema, JSON.parse(new TextDecoder().decode(bytes)), what);
}

/** Younger blobs may belong to a job that another command is about to store. */
const BLOB_AGE_MILLIS_MIN = 3_600_000;

function namedBy(records: readonly JobRecord[]): readonly Digest[] {
  return records.flatMap(({ blobs, quoted, attempts }) => [
    ...digestsOf(blobs),
    ...(quoted ?? []),
    ...attempts.flatMap(({ responses }) => responses ?? []),
  ]);
}

function digestsOf(blobs: readonly BlobDescriptor[]): readonly Digest[] {
  return blobs.map(({ digest }) => digest);
}

async function dropBlobs(directory: string, kept: readonly Digest[]): Promise<void> {
  const named = new Set<string>(kept);
  const before = Date.now() - BLOB_AGE_MILLIS_MIN;
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!named.has(`sha256:${name}`) && (await stat(path)).mtimeMs < before) await rm(path, { force: true });
  }
}

const REFERENCE_MIN = 6;

function onlyOne<Item>(kind: string, reference: string, items: readonly Item[], ids: (item: Item) => string[]): Item {
  const wanted = reference.toLowerCase();
  const found =
    wanted.replace(/^0x/, "").length < REFERENCE_MIN
      ? []
      : items.filter((item) => ids(item).some((id) => id.startsWith(wanted) || id.startsWith(`0x${wanted}`)));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (found.length === 0) throw unknown(kind, reference);
  throw new ProtocolError("conflict", `${kind}-ambiguous`, `${found.length} ${kind}s begin with "${reference}".`, {
    hint: "Give more characters.",
    context: { reference },
  });
}

function unknown(kind: string, reference: string): ProtocolError {
  const message = `There is no ${kind} "${reference.slice(0, 80)}" here.`;
  return new ProtocolError("not-found", `${kind}-unknown`, message, {
    hint: `Run mimik ${kind} list to see what there is.`,
    context: { reference: reference.slice(0, 80) },
  });
}
