// Kernel isolation by bubblewrap: new namespaces for everything, an empty root with the program alone, no capability.
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ExecutorCode } from "./launch-executor.ts";

/** Where the dynamic linker and C library lie on common distributions. */
const LIBRARY_PATHS = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"];
const NOBODY = "65534";

/** bubblewrap's path; undefined where the host has none. */
export function findBubblewrap(searchPath = process.env.PATH ?? ""): string | undefined {
  if (process.platform !== "linux") return undefined;
  return [...searchPath.split(delimiter), "/usr/bin"].map((folder) => join(folder, "bwrap")).find(isExecutable);
}

/** The command that runs `node` inside; the seccomp filter, where there is one, is read from that descriptor. */
export function bubblewrapCommand(
  node: readonly string[],
  code: ExecutorCode,
  filterDescriptor: number | undefined,
): readonly string[] {
  const readable = [node[0] ?? "", ...LIBRARY_PATHS.filter(existsSync), ...code.readable];
  return [
    findBubblewrap() ?? "bwrap",
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--cap-drop",
    "ALL",
    "--uid",
    NOBODY,
    "--gid",
    NOBODY,
    "--hostname",
    "executor",
    ...readable.flatMap((path) => ["--ro-bind", path, path]),
    "--proc",
    "/proc",
    "--remount-ro",
    "/",
    "--chdir",
    "/",
    ...(filterDescriptor === undefined ? [] : ["--seccomp", String(filterDescriptor)]),
    "--",
    ...node,
  ];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
