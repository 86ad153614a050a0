// Decides where the exchange is on each chain: first what the person's home folder says, then what is known to all.
// It never checks that a contract is there: `connectChain` does.
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ProtocolError } from "#protocol/protocol-error.ts";
import * as wire from "#protocol/wire.ts";

export const deployment = z.strictObject({
  chainId: z.number().int().positive(),
  exchange: wire.address,
  token: wire.address,
  /** The contract of draws, where there is one. */
  draws: wire.address.optional(),
  /** Block of the exchange's deployment. */
  deployedAt: z.number().int().nonnegative(),
});
export type Deployment = z.output<typeof deployment>;

/** Public deployments by chain id. There is none yet: each joins here when it is made. */
const KNOWN: Readonly<Record<number, Deployment>> = {};

const deploymentFile = z.strictObject({ deployments: z.array(deployment).max(64) });

/**
 * The deployment on `chainId`: of `home`/deployments.json, or the known one; undefined when there is neither.
 * @throws `deployments-malformed`
 */
export async function readDeployment(home: string, chainId: number): Promise<Deployment | undefined> {
  const local = await readFileOf(home);
  return local.find((entry) => entry.chainId === chainId) ?? KNOWN[chainId];
}

/** Notes a deployment in `home`/deployments.json, instead of an earlier one on its chain. @throws `deployments-malformed` */
export async function writeDeployment(home: string, entry: Deployment): Promise<void> {
  const others = (await readFileOf(home)).filter((other) => other.chainId !== entry.chainId);
  const text = `${JSON.stringify({ deployments: [...others, deployment.parse(entry)] }, undefined, 2)}\n`;
  await mkdir(home, { recursive: true });
  const temporary = join(home, `deployments.${process.pid}.tmp`);
  const file = await open(temporary, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, pathOf(home));
}

async function readFileOf(home: string): Promise<Deployment[]> {
  let text: string;
  try {
    text = await readFile(pathOf(home), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    return deploymentFile.parse(JSON.parse(text)).deployments;
  } catch (cause) {
    throw new ProtocolError("invalid", "deployments-malformed", `${pathOf(home)} is not a list of deployments.`, {
      hint: "Repair the file, or delete it and deploy or configure the exchange again.",
      context: { path: pathOf(home) },
      cause,
    });
  }
}

function pathOf(home: string): string {
  return join(home, "deployments.json");
}
