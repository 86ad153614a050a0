// A person's home with wallets and a node's key in it, on a market's chain, for the tests of commands that move money.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "viem";
import { createKey } from "#chain/keystore.ts";
import type { Market } from "#test/marketplace/market-fixture.ts";
import { mimik, type Ran } from "../test-io.ts";

const PASSWORD = "a password for tests";

/** Runs mimik in the market's home. */
export type Hand = (...argv: readonly string[]) => Promise<Ran>;

export function handOf(market: Market, more: Readonly<Record<string, string | undefined>> = {}): Hand {
  const { rpcUrl, chainId, exchange } = market.chain.settings;
  const chain = { MIMIK_RPC_URL: rpcUrl, MIMIK_CHAIN_ID: String(chainId), MIMIK_EXCHANGE: exchange };
  const env = { MIMIK_HOME: market.home, ...chain };
  return (...argv) => mimik(argv, { ...env, MIMIK_PASSWORD: PASSWORD, NO_COLOR: "1", ...more });
}

/** The JSON of a command that must succeed. */
export async function answerOf<Answer>(running: Promise<Ran>): Promise<Answer> {
  const { code, out, err } = await running;
  if (code !== 0) throw new Error(`Exit code ${code}: ${err}${out}`);
  return JSON.parse(out) as Answer;
}

export async function keepWallet({ home }: Market, name: string, privateKey: Hex): Promise<void> {
  await createKey(join(home, "keystore", `${name}.json`), PASSWORD, { privateKey, scryptN: 2 });
}

/** The key of a node that lies in the home's own node folder. */
export async function keepNodeKey({ home }: Market, privateKey: Hex): Promise<void> {
  await createKey(join(home, "node", "node-key.json"), PASSWORD, { privateKey, scryptN: 2 });
  await writeFile(join(home, "node", "node-key.password"), PASSWORD);
}
