// A port that is free now: the wanted one, or the next above it.
import { createServer } from "node:net";
import { ProtocolError } from "#protocol/protocol-error.ts";

export interface PortChoice {
  readonly port: number;
  /** The wanted port, when another program has it. */
  readonly taken?: number;
}

/** How far above the wanted port to look. */
const PORTS_TRIED = 50;

/** `wanted` 0 takes any free port; `reserved` ones are promised to other programs. @throws `port-taken` */
export async function freePort(host: string, wanted: number, reserved: ReadonlySet<number>): Promise<PortChoice> {
  if (wanted === 0) return { port: await anyFree(host, reserved) };
  for (let port = wanted; port < wanted + PORTS_TRIED; port++) {
    if (reserved.has(port) || (await bound(host, port)) === undefined) continue;
    return port === wanted ? { port } : { port, taken: wanted };
  }
  throw new ProtocolError("conflict", "port-taken", `Ports ${wanted} to ${wanted + PORTS_TRIED - 1} are all taken.`, {
    hint: "Stop the programs that hold them, or choose another port with --port.",
    context: { wanted, tried: PORTS_TRIED },
  });
}

async function anyFree(host: string, reserved: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = await bound(host, 0);
    if (port !== undefined && !reserved.has(port)) return port;
  }
}

/** The port that a server got, closed again; undefined when it is taken. */
function bound(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}
