// Writes chain/abi/ from the compiled contracts, so that TypeScript sees exactly what Solidity says. Run it after every
// change of a contract's face: `npx hardhat build && node scripts/generate-abi.ts`; `--check` only tells.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Contracts that TypeScript talks to; the others are parts of these. */
export const ABI_FILES = {
  Court: { file: "court-abi.ts", constant: "courtAbi" },
  Exchange: { file: "exchange-abi.ts", constant: "exchangeAbi" },
  PaymentToken: { file: "payment-token-abi.ts", constant: "paymentTokenAbi" },
} as const;
export type AbiName = keyof typeof ABI_FILES;

const ROOT = fileURLToPath(new URL("../", import.meta.url));

interface AbiParameter {
  readonly name?: string;
  readonly type: string;
  readonly indexed?: boolean;
  readonly components?: readonly AbiParameter[];
}
interface AbiItem {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: readonly AbiParameter[];
  readonly outputs?: readonly AbiParameter[];
  readonly stateMutability?: string;
}

/** The text of the ABI file of `contract` as the artifacts have it now. */
export async function renderAbi(contract: AbiName): Promise<string> {
  const path = `${ROOT}artifacts/contracts/${contract}.sol/${contract}.json`;
  const { abi } = JSON.parse(await readFile(path, "utf8")) as { abi: readonly AbiItem[] };
  const items = abi.map(plainItem).sort((a, b) => sortKey(a).localeCompare(sortKey(b), "en"));
  return [
    `// Decides how calls, answers, events and errors of ${contract}.sol are encoded; scripts/generate-abi.ts wrote it.`,
    "// It never holds an address.",
    `export const ${ABI_FILES[contract].constant} = [`,
    ...items.map((item) => `  ${JSON.stringify(item)},`),
    "] as const;",
    "",
  ].join("\n");
}

/** Path of the committed ABI file of `contract`. */
export function abiPath(contract: AbiName): string {
  return `${ROOT}chain/abi/${ABI_FILES[contract].file}`;
}

/** Solidity's own names of types say nothing more about the encoding. */
function plainItem({ type, name, inputs, outputs, stateMutability }: AbiItem): AbiItem {
  return {
    type,
    ...(name !== undefined && { name }),
    ...(inputs && { inputs: inputs.map(plainParameter) }),
    ...(outputs && { outputs: outputs.map(plainParameter) }),
    ...(stateMutability !== undefined && { stateMutability }),
  };
}

function plainParameter({ name, type, indexed, components }: AbiParameter): AbiParameter {
  return {
    ...(name !== undefined && { name }),
    type,
    ...(indexed !== undefined && { indexed }),
    ...(components && { components: components.map(plainParameter) }),
  };
}

function sortKey({ type, name, inputs }: AbiItem): string {
  return `${type} ${name ?? ""} ${(inputs ?? []).map((input) => input.type).join()}`;
}

async function main(check: boolean): Promise<void> {
  for (const contract of Object.keys(ABI_FILES) as AbiName[]) {
    const text = await renderAbi(contract);
    if ((await readFile(abiPath(contract), "utf8").catch(() => "")) === text) continue;
    if (check) {
      console.error(`${abiPath(contract)} is stale; run node scripts/generate-abi.ts`);
      process.exitCode = 1;
    } else {
      await writeFile(abiPath(contract), text);
    }
  }
}

if (import.meta.main) await main(process.argv.includes("--check"));
