// The marketplace's one database: SQLite in WAL mode, one connection that writes and one that cannot.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { ProtocolError } from "#protocol/protocol-error.ts";

/** Reads. Everything that serves a listing takes this, so it cannot write by mistake. */
export type Reader = Pick<BetterSQLite3Database, "select">;
/** Reads and writes, inside one transaction. */
export type Writer = Pick<BetterSQLite3Database, "select" | "insert" | "update" | "delete">;

export interface Store extends Disposable {
  readonly reader: Reader;
  /** Runs `work` in one transaction: all of it is kept, or, when it throws, nothing. */
  write<Result>(work: (writer: Writer) => Result): Result;
}

export interface StoreOptions {
  /** The database file; its folder is made. */
  readonly path: string;
  /** The folder of committed migrations. */
  readonly migrationsDirectory: string;
}

/** Waiting for another process's lock, such as a backup's. */
const BUSY_MILLIS = 5_000;

/**
 * Opens or makes the database and brings its tables up to date. One process at a time has it.
 * @throws `store-locked`, `store-unusable`
 */
export function openStore({ path, migrationsDirectory }: StoreOptions): Store {
  using opened = new DisposableStack();
  const connect = (file: string, options: Database.Options) => {
    const connection = new Database(file, options);
    opened.defer(() => connection.close());
    return connection;
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    // An empty database of its own, held locked: the system lets go of it with the process, however that ends.
    connect(`${path}.lock`, { timeout: 0 }).exec("BEGIN EXCLUSIVE");
    const writing = connect(path, { timeout: BUSY_MILLIS });
    writing.pragma("journal_mode = WAL");
    // A lost power line may lose the last moments, which the chain and reposted statements bring back; a kill loses none.
    writing.pragma("synchronous = NORMAL");
    const writer = drizzle({ client: writing, casing: "snake_case" });
    migrate(writer, { migrationsFolder: migrationsDirectory });
    const reader = drizzle({ client: connect(path, { readonly: true, timeout: BUSY_MILLIS }), casing: "snake_case" });
    const owned = opened.move();
    return {
      reader,
      write: (work) => writer.transaction((transaction) => work(transaction), { behavior: "immediate" }),
      [Symbol.dispose]: () => owned.dispose(),
    };
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): ProtocolError {
  const { code = "", message } = cause as { code?: string; message?: string };
  if (code.startsWith("SQLITE_BUSY")) {
    return new ProtocolError("conflict", "store-locked", `Another marketplace runs on ${path}.`, {
      hint: "Stop it, or give this marketplace a folder of its own.",
      context: { path },
      cause,
    });
  }
  return new ProtocolError("invalid", "store-unusable", `Cannot open the database ${path}: ${message}.`, {
    hint: "Check that the disk is writable and not full, and that the file is a database of this program.",
    context: { path },
    cause,
  });
}
