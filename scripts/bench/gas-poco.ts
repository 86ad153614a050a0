// Runs iExec PoCo, the nearest peer with replicated jobs, from its official package's bytecode, and counts the gas of its
// own happy path: one deal matched, then each task initialised, contributed, revealed and finalised.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  type Abi,
  type Address,
  concat,
  encodeDeployData,
  encodeFunctionData,
  encodePacked,
  type Hex,
  keccak256,
  type LocalAccount,
  parseAbi,
  parseEventLogs,
  toFunctionSelector,
  zeroAddress,
  zeroHash,
} from "viem";
import type { GasChain, Sent } from "./gas-chain.ts";

const run = promisify(execFile);
const PACKAGE = "@iexec/poco@6.1.0";
const TARBALL = "iexec-poco-6.1.0.tgz";
const INTEGRITY = "BPbDtf2fgQuotr6rf74ACVdwlKqkErEZ8qLbTWM+2CIBj2EX3+6KBGWsFoudoOGjgT7vUJ3jeNX8SWvHzSHg6A==";

/** With fresh workers, a trust of 5 is what PoCo's score rule needs three agreeing contributions for. */
const TRUST = 5n;
const WORKERS = 3;
const PRICE = 1_000_000n;

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly linkReferences?: Record<string, Record<string, readonly { start: number; length: number }[]>>;
}
type Read = (path: string) => Promise<Artifact>;

export interface PocoGas {
  /** Matching one deal, for as many jobs as it has. */
  readonly match: number;
  /** One job of a deal: initialise, three contributions, three reveals, finalise. */
  readonly job: number;
  /** Calldata of the match and of one job, bytes. */
  readonly matchBytes: number;
  readonly jobBytes: number;
}

/** Tasks measured; their gas differs by calldata's zero bytes only. */
const TASKS = 3;

const registryAbi = parseAbi([
  "function createApp(address, string, string, bytes, bytes32, bytes) returns (address)",
  "function createWorkerpool(address, string) returns (address)",
  "function initialize(address)",
  "event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)",
]);
const matchedAbi = parseAbi([
  "event OrdersMatched(bytes32 dealid, bytes32 appHash, bytes32 datasetHash, bytes32 workerpoolHash, bytes32 requestHash, uint256 volume)",
]);

const restrictions = [
  { name: "requesterrestrict", type: "address" },
  { name: "salt", type: "bytes32" },
] as const;
const pocoTypes = {
  AppOrder: [
    { name: "app", type: "address" },
    { name: "appprice", type: "uint256" },
    { name: "volume", type: "uint256" },
    { name: "tag", type: "bytes32" },
    { name: "datasetrestrict", type: "address" },
    { name: "workerpoolrestrict", type: "address" },
    ...restrictions,
  ],
  WorkerpoolOrder: [
    { name: "workerpool", type: "address" },
    { name: "workerpoolprice", type: "uint256" },
    { name: "volume", type: "uint256" },
    { name: "tag", type: "bytes32" },
    { name: "category", type: "uint256" },
    { name: "trust", type: "uint256" },
    { name: "apprestrict", type: "address" },
    { name: "datasetrestrict", type: "address" },
    ...restrictions,
  ],
  RequestOrder: [
    { name: "app", type: "address" },
    { name: "appmaxprice", type: "uint256" },
    { name: "dataset", type: "address" },
    { name: "datasetmaxprice", type: "uint256" },
    { name: "workerpool", type: "address" },
    { name: "workerpoolmaxprice", type: "uint256" },
    { name: "requester", type: "address" },
    { name: "volume", type: "uint256" },
    { name: "tag", type: "bytes32" },
    { name: "category", type: "uint256" },
    { name: "trust", type: "uint256" },
    { name: "beneficiary", type: "address" },
    { name: "callback", type: "address" },
    { name: "params", type: "string" },
    { name: "salt", type: "bytes32" },
  ],
} as const;

/** Fetches the package by npm, checks it against its known digest and hands its artifacts to `use`. */
async function withPackage<T>(use: (read: Read) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "poco-"));
  try {
    await run("npm", ["pack", "--silent", "--pack-destination", folder, PACKAGE]);
    const tarball = join(folder, TARBALL);
    const digest = createHash("sha512")
      .update(await readFile(tarball))
      .digest("base64");
    if (digest !== INTEGRITY) throw new Error(`${PACKAGE} has another digest than the one measured: ${digest}`);
    await run("tar", ["-xzf", tarball, "-C", folder]);
    const contracts = join(folder, "package", "artifacts", "contracts");
    return await use(async (path) => JSON.parse(await readFile(join(contracts, path), "utf8")) as Artifact);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function artifactPath(path: string): string {
  const name = path.split("/").at(-1);
  return `${path}.sol/${name}.json`;
}

function link(artifact: Artifact, library: Address): Hex {
  let code = artifact.bytecode as string;
  for (const references of Object.values(artifact.linkReferences ?? {})) {
    for (const { start, length } of Object.values(references).flat()) {
      code = code.slice(0, 2 + start * 2) + library.slice(2) + code.slice(2 + (start + length) * 2);
    }
  }
  return code as Hex;
}

/** A facet that answers every call with `owner`, which the package leaves to another package. */
function ownerFacet(owner: Address): Hex {
  const runtime = concat(["0x73", owner, "0x5f5260205ff3"]);
  const size = (runtime.length - 2) / 2;
  return concat([`0x60${size.toString(16)}`, "0x600a5f3960", `0x${size.toString(16)}`, "0x5ff3", runtime]);
}

interface Diamond {
  readonly hub: Address;
  readonly abi: Abi;
  readonly registries: readonly Address[];
}

async function deployDiamond(chain: GasChain, read: Read, token: Address): Promise<Diamond> {
  const library = await chain.deploy((await read(artifactPath("libs/IexecLibOrders_v5"))).bytecode);
  const names = ["Configuration", "CategoryManager", "EscrowToken", "ERC20", "Poco1", "Poco2"];
  const cuts: { facetAddress: Address; action: number; functionSelectors: Hex[] }[] = [];
  const abi: Abi[number][] = [];
  const seen = new Set<Hex>();
  for (const name of names) {
    const artifact = await read(artifactPath(`facets/Iexec${name}Facet`));
    const selectors = artifact.abi
      .filter((item) => item.type === "function")
      .map((item) => toFunctionSelector(item as never))
      .filter((selector) => !seen.has(selector));
    for (const selector of selectors) seen.add(selector);
    abi.push(...artifact.abi);
    cuts.push({ facetAddress: await chain.deploy(link(artifact, library)), action: 0, functionSelectors: selectors });
  }
  const owner = await chain.deploy(ownerFacet(chain.owner.address));
  cuts.push({ facetAddress: owner, action: 0, functionSelectors: ["0x8da5cb5b"] });
  const diamond = await read(artifactPath("Diamond"));
  const args = [cuts, { owner: chain.owner.address, init: zeroAddress, initCalldata: "0x" }];
  const hub = await chain.deploy(encodeDeployData({ abi: diamond.abi, bytecode: diamond.bytecode, args }));

  const registries: Address[] = [];
  for (const path of ["apps/AppRegistry", "datasets/DatasetRegistry", "workerpools/WorkerpoolRegistry"]) {
    const registry = await read(artifactPath(`registries/${path}`));
    registries.push(await chain.deploy(registry.bytecode));
    const data = encodeFunctionData({ abi: registry.abi, functionName: "initialize", args: [zeroAddress] });
    await chain.send(chain.owner, registries.at(-1) as Address, data);
  }
  const configure = [token, "Staked", "S", 9, ...registries, zeroAddress];
  await chain.send(chain.owner, hub, encodeFunctionData({ abi, functionName: "configure", args: configure }));
  const category = ["bench", "{}", 86_400n];
  await chain.send(chain.owner, hub, encodeFunctionData({ abi, functionName: "createCategory", args: category }));
  return { hub, abi, registries };
}

/** The address of a registry's new entry is its token's number. */
async function createEntry(chain: GasChain, registry: Address, data: Hex): Promise<Address> {
  const { logs } = await chain.send(chain.owner, registry, data);
  const [minted] = parseEventLogs({ abi: registryAbi, logs: [...logs], eventName: "Transfer" });
  if (minted === undefined) throw new Error("PoCo's registry minted no entry.");
  return `0x${minted.args.tokenId.toString(16).padStart(40, "0")}`;
}

interface Market {
  readonly hub: Address;
  readonly abi: Abi;
  readonly app: Address;
  readonly workerpool: Address;
  readonly requester: LocalAccount;
  readonly scheduler: LocalAccount;
  readonly workers: readonly LocalAccount[];
}

async function openMarket(chain: GasChain, read: Read, token: Address): Promise<Market> {
  const { hub, abi, registries } = await deployDiamond(chain, read, token);
  const [requester, scheduler, ...workers] = await chain.newAccounts(2 + WORKERS, "poco");
  if (requester === undefined || scheduler === undefined) throw new Error("No accounts for PoCo's market.");
  const app = await createEntry(
    chain,
    registries[0] as Address,
    encodeFunctionData({
      abi: registryAbi,
      functionName: "createApp",
      args: [chain.owner.address, "bench", "DOCKER", "0x", zeroHash, "0x"],
    }),
  );
  const workerpool = await createEntry(
    chain,
    registries[2] as Address,
    encodeFunctionData({ abi: registryAbi, functionName: "createWorkerpool", args: [scheduler.address, "bench"] }),
  );
  for (const account of [requester, scheduler, ...workers]) {
    await chain.fundTokens(account, token, hub, 1_000_000_000_000n);
    const deposit = encodeFunctionData({ abi, functionName: "deposit", args: [1_000_000_000_000n] });
    await chain.send(account, hub, deposit);
  }
  return { hub, abi, app, workerpool, requester, scheduler, workers };
}

/** Signs the four orders and matches them into a deal of `volume` tasks. */
async function matchDeal(chain: GasChain, market: Market, volume: bigint): Promise<Sent & { dealId: Hex }> {
  const { app, workerpool, requester, scheduler } = market;
  const domain = { name: "iExecODB", version: "5.0.0", chainId: chain.chainId, verifyingContract: market.hub };
  const open = { tag: zeroHash, volume, salt: keccak256(encodePacked(["uint256"], [volume])) };
  const anyone = { apprestrict: zeroAddress, datasetrestrict: zeroAddress, requesterrestrict: zeroAddress };
  const sign = (account: LocalAccount, primaryType: keyof typeof pocoTypes, message: Record<string, unknown>) =>
    account.signTypedData({ domain, types: pocoTypes, primaryType, message } as never);

  const appOrder = { app, appprice: 0n, workerpoolrestrict: zeroAddress, ...anyone, ...open };
  const poolOrder = { workerpool, workerpoolprice: PRICE, category: 0n, trust: TRUST, ...anyone, ...open };
  const request = {
    app,
    appmaxprice: 0n,
    dataset: zeroAddress,
    datasetmaxprice: 0n,
    workerpool,
    workerpoolmaxprice: PRICE,
    requester: requester.address,
    category: 0n,
    trust: TRUST,
    beneficiary: zeroAddress,
    callback: zeroAddress,
    params: "{}",
    ...open,
  };
  const noDataset = { dataset: zeroAddress, datasetprice: 0n, workerpoolrestrict: zeroAddress, ...anyone, ...open };
  const orders = [
    { ...appOrder, sign: await sign(chain.owner, "AppOrder", appOrder) },
    { ...noDataset, volume: 0n, sign: "0x" },
    { ...poolOrder, sign: await sign(scheduler, "WorkerpoolOrder", poolOrder) },
    { ...request, sign: await sign(requester, "RequestOrder", request) },
  ];
  const data = encodeFunctionData({ abi: market.abi, functionName: "matchOrders", args: orders });
  const sent = await chain.send(requester, market.hub, data);
  const [matched] = parseEventLogs({ abi: matchedAbi, logs: [...sent.logs], eventName: "OrdersMatched" });
  if (matched === undefined) throw new Error("PoCo matched no deal.");
  return { ...sent, dealId: matched.args.dealid };
}

/** One task on its happy path: eight transactions. */
async function runTask(chain: GasChain, market: Market, dealId: Hex, index: bigint): Promise<Sent[]> {
  const call = (functionName: string, args: unknown[]) =>
    encodeFunctionData({ abi: market.abi, functionName, args: args as never });
  const taskId = keccak256(encodePacked(["bytes32", "uint256"], [dealId, index]));
  const digest = keccak256(taskId);
  const resultHash = keccak256(concat([taskId, digest]));
  const sent = [await chain.send(market.scheduler, market.hub, call("initialize", [dealId, index]))];
  for (const worker of market.workers) {
    const seal = keccak256(concat([worker.address, taskId, digest]));
    const raw = keccak256(concat([worker.address, taskId, zeroAddress]));
    const permission = await market.scheduler.signMessage({ message: { raw } });
    const args = [taskId, resultHash, seal, zeroAddress, "0x", permission];
    sent.push(await chain.send(worker, market.hub, call("contribute", args)));
  }
  for (const worker of market.workers) {
    sent.push(await chain.send(worker, market.hub, call("reveal", [taskId, digest])));
  }
  sent.push(await chain.send(market.scheduler, market.hub, call("finalize", [taskId, digest, "0x"])));
  return sent;
}

/** Deploys PoCo and measures the second deal, when every account has met every slot that it always meets. */
export async function measurePoco(chain: GasChain, token: Address): Promise<PocoGas> {
  return withPackage(async (read) => {
    const market = await openMarket(chain, read, token);
    const first = await matchDeal(chain, market, 2n);
    await runTask(chain, market, first.dealId, 0n);
    const deal = await matchDeal(chain, market, BigInt(TASKS));
    let gas = 0;
    let bytes = 0;
    for (let index = 0; index < TASKS; index++) {
      for (const sent of await runTask(chain, market, deal.dealId, BigInt(index))) {
        gas += sent.gas;
        bytes += sent.bytes;
      }
    }
    return { match: deal.gas, job: gas / TASKS, matchBytes: deal.bytes, jobBytes: bytes / TASKS };
  });
}
