// An endpoint between a program and its chain that a test can make fail at a chosen method.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** `forward` asks the chain; whatever is returned goes back; undefined cuts the connection, a number is a status. */
export type Intercept = (
  method: string,
  forward: () => Promise<string>,
  params: readonly unknown[],
) => Promise<string | number | undefined>;

export async function startRpcProxy(target: string, intercept: Intercept): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks).toString();
    const { method, params = [] } = JSON.parse(body) as { method: string; params?: unknown[] };
    const forward = async () =>
      (await fetch(target, { method: "POST", body, headers: { "content-type": "application/json" } })).text();
    const answer = await intercept(method, forward, params);
    if (answer === undefined) response.destroy();
    else if (typeof answer === "number") response.writeHead(answer).end();
    else response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
