// Whole nodes in this process, on a fake chain and a fake runtime, reached over real HTTP.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalAccount } from "viem";
import { httpNodeClient, type NodeClient } from "#mesh/node-client.ts";
import { nodeConfig } from "#node/config/node-config.ts";
import type { NodeSettings } from "#node/config/node-settings.ts";
import type { CourtChain } from "#node/court/court-chain.ts";
import type { ClearingChain, RescueChain } from "#node/orders/chain-view.ts";
import { type RunningNode, startNode } from "#node/start-node.ts";
import type { NodeId } from "#protocol/units.ts";
import { type Behaviour, type FakeChain, fakeFoundation } from "./fake-foundation.ts";
import { DOMAIN, newKey, OWNER, type TestOrder } from "./order-fixture.ts";

export interface TestNode extends AsyncDisposable {
  readonly running: RunningNode;
  readonly client: NodeClient;
  readonly node: NodeId;
  readonly home: string;
  readonly key: LocalAccount;
}

export interface TestNodeOptions {
  readonly chain: FakeChain;
  readonly behaviour?: Behaviour;
  readonly key?: LocalAccount;
  /** An own one, deleted at the end, unless told. */
  readonly home?: string;
  readonly settings?: NodeSettings;
  readonly clearings?: ClearingChain;
  readonly rescues?: RescueChain;
  readonly court?: CourtChain;
  /** The machine's clock unless told. */
  readonly now?: () => number;
  /** Whether the chain knows the node; it does unless told. */
  readonly registered?: boolean;
}

export async function startTestNode(options: TestNodeOptions): Promise<TestNode> {
  const { chain, behaviour = "honest", key = newKey(), clearings, rescues, court, now } = options;
  const home = options.home ?? mkdtempSync(join(tmpdir(), "mimik-node-"));
  const node = key.address.toLowerCase() as NodeId;
  if (options.registered ?? true) chain.owners.set(node, OWNER);
  const config = nodeConfig({
    home,
    owner: OWNER,
    listen: { port: 0 },
    chain: { rpcUrl: "http://127.0.0.1:1", ...DOMAIN },
    slots: 2,
    logLevel: "silent",
    ...options.settings,
  });
  const running = await startNode(config, async () =>
    fakeFoundation(chain, {
      behaviour,
      key,
      ...(clearings && { clearings }),
      ...(rescues && { rescues }),
      ...(court && { court }),
      ...(now && { now }),
    }),
  );
  return {
    running,
    client: httpNodeClient(running.url),
    node,
    home,
    key,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      if (options.home === undefined) rmSync(home, { recursive: true });
    },
  };
}

/** Submits an order and sends what the node lacks. */
export async function sendOrder({ client }: TestNode, { id, submission, blobs }: TestOrder): Promise<void> {
  const { missing } = await client.submitOrder(submission);
  for (const digest of missing) await client.sendBlob(id, submission.token, digest, blobs.get(digest) as Uint8Array);
}

/** The order's status once its state is none of those in which it still works. */
export async function finished({ client }: TestNode, { id, submission }: TestOrder) {
  let status = await client.orderStatus(id, submission.token);
  while (["waiting", "queued", "running"].includes(status.state)) {
    status = await client.orderStatus(id, submission.token, { after: status.state, waitSeconds: 10 });
  }
  return status;
}
