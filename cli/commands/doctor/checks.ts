// The checks of mimik doctor, in the order in which each needs those before it.
import { access, constants, mkdir, statfs } from "node:fs/promises";
import { readBalance, readGasBalance } from "#chain/read-account.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { formatAmount } from "#protocol/units.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { openChain } from "../../session/open-chain.ts";
import { findWallet } from "../../session/open-wallet.ts";
import type { Check, Finding } from "./finding.ts";

const NODE_MAJOR_MIN = 24;
const GIB = 1024 ** 3;
/** Images, answers and a marketplace's index fit in it for a while. */
const DISK_BYTES_MIN = GIB;

const node: Check = async () => {
  const { node: version } = process.versions;
  const fit = Number(version.split(".")[0]) >= NODE_MAJOR_MIN;
  return { what: "Node.js", level: fit ? "ok" : "fail", found: version, next: `Install Node.js ${NODE_MAJOR_MIN}.` };
};

const home: Check = async ({ settings }) => {
  try {
    await mkdir(settings.home, { recursive: true, mode: 0o700 });
    await access(settings.home, constants.W_OK);
    return { what: "home", level: "ok", found: settings.home };
  } catch (error) {
    const found = `${settings.home} cannot be written: ${(error as Error).message}`;
    return { what: "home", level: "fail", found, next: "Name another folder with MIMIK_HOME or --home." };
  }
};

const disk: Check = async ({ settings }) => {
  const { bavail, bsize } = await statfs(settings.home);
  const free = bavail * bsize;
  const found = `${(free / GIB).toFixed(1)} GiB free`;
  return {
    what: "disk",
    level: free >= DISK_BYTES_MIN ? "ok" : "warn",
    found,
    next: "Free some space for images and answers.",
  };
};

const runtime: Check = async () => {
  try {
    await using executors = await createRuntime({ executors: 1 });
    const kernel = executors.isolation === "kernel";
    const found = `microservices run with ${executors.isolation} isolation`;
    return {
      what: "runtime",
      level: kernel ? "ok" : "warn",
      found,
      next: "Install bubblewrap to offer kernel isolation.",
    };
  } catch (error) {
    return failed("runtime", error);
  }
};

const chain: Check = async (patient) => {
  try {
    patient.chain = await openChain(patient.settings, patient.signal);
    const { chainId, exchange } = patient.chain.domain;
    return {
      what: "chain",
      level: "ok",
      found: `chain ${chainId} at ${patient.settings.rpcUrl}, exchange ${exchange}`,
    };
  } catch (error) {
    return failed("chain", error);
  }
};

const wallet: Check = async ({ settings }) => {
  try {
    const { name, address } = await findWallet(settings);
    return { what: "wallet", level: "ok", found: `${name}, ${address}` };
  } catch (error) {
    return failed("wallet", error);
  }
};

const funds: Check = async ({ settings, chain: reached }) => {
  const found = await findWallet(settings).catch(() => undefined);
  if (!found || !reached) return { what: "funds", level: "warn", found: "unknown without a chain and a wallet" };
  try {
    const [account, gas] = await Promise.all([
      readBalance(reached, found.address),
      readGasBalance(reached, found.address),
    ]);
    const held = `${formatAmount(account)} in the exchange, ${gas === 0n ? "nothing" : "something"} for gas`;
    const fit = account > 0n && gas > 0n;
    return {
      what: "funds",
      level: fit ? "ok" : "warn",
      found: held,
      next: `mimik wallet fund 10 --wallet ${found.name}`,
    };
  } catch (error) {
    return failed("funds", error);
  }
};

const marketplace: Check = async ({ settings, signal, chain: reached }) => {
  if (!settings.marketplace) {
    const next = "Start a local market with mimik up, or name one with --marketplace.";
    return { what: "marketplace", level: "warn", found: "none is chosen", next };
  }
  try {
    const info = await httpMarketplaceClient(settings.marketplace).info({ signal });
    const same =
      !reached || (info.chainId === reached.domain.chainId && info.exchange === reached.domain.exchange.toLowerCase());
    const found = same
      ? `${settings.marketplace}, ${info.counts.offers} offers of ${info.counts.nodes} nodes`
      : `${settings.marketplace} serves another exchange, ${info.exchange} on chain ${info.chainId}`;
    return {
      what: "marketplace",
      level: same ? "ok" : "fail",
      found,
      next: "Name a marketplace of the same exchange.",
    };
  } catch (error) {
    return failed("marketplace", error);
  }
};

function failed(what: string, error: unknown): Finding {
  if (!(error instanceof ProtocolError)) return { what, level: "fail", found: String(error) };
  return { what, level: "fail", found: error.message, ...(error.hint && { next: error.hint }) };
}

export const CHECKS: readonly Check[] = [node, home, disk, runtime, chain, wallet, funds, marketplace];
