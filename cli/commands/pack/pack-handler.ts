import { writeImageLayout } from "#runtime/image/image-layout.ts";
import { openImage } from "#runtime/image/open-image.ts";
import type { Handler } from "../../command/command.ts";
import { fields } from "../../command/table.ts";
import { readImage } from "../../session/read-image.ts";
import type { PackOptions } from "./pack-options.ts";

export const packHandler: Handler<PackOptions> = async ({ path, output }) => {
  const packed = await readImage(path);
  const { config } = await openImage(packed.digest, async (digest) => packed.blobs.get(digest) ?? new Uint8Array());
  if (output !== undefined) await writeImageLayout(packed, output);
  const bytes = [...packed.blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
  const { kind, name, version, limits } = config;
  return {
    json: { digest: packed.digest, kind, name, version, limits, bytes, output: output ?? null },
    text: fields([
      ["digest", packed.digest],
      ["microservice", `${name} ${version} (${kind})`],
      ["size", `${bytes} bytes`],
      ...(output === undefined ? [] : [["written to", output] as const]),
    ]),
  };
};
