// The client's store in memory: what is stored goes through JSON as on disk, and a write can be made to fail.

import { type CaughtRecord, caughtRecord } from "#client/store/caught-record.ts";
import type { ClientStore } from "#client/store/client-store.ts";
import { type JobRecord, jobRecord } from "#client/store/job-record.ts";
import { type LeaseRecord, leaseRecord } from "#client/store/lease-record.ts";
import { digestOf } from "#protocol/digest.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest } from "#protocol/units.ts";
import { parseWire, toWire } from "#protocol/wire.ts";

export interface MemoryStore extends ClientStore {
  /** Writes so far. */
  writes: number;
  /** The write before which, or after which, the program dies; it has no effect once it struck. */
  crash: { readonly write: number; readonly when: "before" | "after" } | undefined;
}

/** What a killed program throws in these tests. */
export class Killed extends Error {}

export function memoryStore(): MemoryStore {
  const jobs = new Map<string, string>();
  const leases = new Map<string, string>();
  const caught = new Map<string, string>();
  const blobs = new Map<Digest, Uint8Array>();
  const locked = new Set<string>();
  const write = (action: () => void) => {
    const index = store.writes++;
    const dies = store.crash?.write === index;
    if (dies && store.crash?.when === "before") throw new Killed();
    action();
    if (dies) throw new Killed();
  };
  const readLease = (lease: string): LeaseRecord => {
    const text = leases.get(lease);
    if (text === undefined) throw new ProtocolError("not-found", "lease-unknown", "No such lease.");
    return parseWire(leaseRecord, JSON.parse(text), "lease");
  };
  const readJob = (text: string): JobRecord => parseWire(jobRecord, JSON.parse(text), "job");
  const readCaught = (text: string): CaughtRecord => parseWire(caughtRecord, JSON.parse(text), "caught");
  const store: MemoryStore = {
    writes: 0,
    crash: undefined,
    saveJob: async (record) => write(() => jobs.set(record.name, toWire(record))),
    job: async (name) => {
      const text = jobs.get(name);
      if (text === undefined) throw new ProtocolError("not-found", "job-unknown", "No such job.");
      return readJob(text);
    },
    jobs: async () => [...jobs.values()].map(readJob),
    lockJob: async (name) => {
      if (locked.has(name)) throw new ProtocolError("conflict", "job-in-progress", "Somebody works on it.");
      locked.add(name);
      return { [Symbol.dispose]: () => locked.delete(name) };
    },
    saveLease: async (record) => write(() => leases.set(record.lease, toWire(record))),
    lease: async (lease) => readLease(lease),
    leases: async () => [...leases.keys()].map(readLease),
    changeLease: async (lease, change) => {
      const record = readLease(lease);
      const changed = change(record);
      if (changed !== record) write(() => leases.set(lease, toWire(changed)));
      return changed;
    },
    saveCaught: async (record) => write(() => caught.set(record.orderId, toWire(record))),
    caught: async () => [...caught.values()].map(readCaught),
    saveBlob: async (bytes) => {
      const digest = digestOf(bytes);
      blobs.set(digest, bytes);
      return digest;
    },
    blob: async (digest) => blobs.get(digest),
    prune: async () => {},
  };
  return store;
}
