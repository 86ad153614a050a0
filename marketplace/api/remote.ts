// Who is calling, as far as the socket knows. Headers that a caller may set are not asked.
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";

export function remoteOf(c: Context): string {
  return getConnInfo(c).remote.address ?? "unknown";
}
