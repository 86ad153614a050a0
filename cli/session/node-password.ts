// The password of a node's hot key: it lies beside the key, since a daemon must start without a person.
import { readFile } from "node:fs/promises";
import type { NodeConfig } from "#node/config/node-config.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

/** @throws `node-key-missing` */
export async function nodePassword({ home, key }: Pick<NodeConfig, "home" | "key">): Promise<string> {
  if (key.password !== undefined) return key.password;
  try {
    return (await readFile(key.passwordFile, "utf8")).trim();
  } catch (cause) {
    throw nodeMissing(home, cause);
  }
}

export function nodeMissing(home: string, cause: unknown): ProtocolError {
  return new ProtocolError("not-found", "node-key-missing", `There is no node in ${home}.`, {
    hint: "Start it once with mimik node start; it makes its key. Or name its folder with --node-home.",
    context: { home },
    cause,
  });
}
