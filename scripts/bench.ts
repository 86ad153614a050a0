// npm run bench -- NAME [--json]: measures, beside a peer or a floor in the same run, since machines are noisy.
const BENCHES: Readonly<Record<string, () => Promise<() => Promise<object>>>> = {
  runtime: async () => (await import("./bench/runtime.ts")).benchRuntime,
  gas: async () => (await import("./bench/gas.ts")).benchGas,
};

const words = process.argv.slice(2);
const [name = ""] = words.filter((word) => !word.startsWith("--"));
const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (!load) {
  console.error(
    `Error: There is no bench "${name}".\nNext: npm run bench -- ${Object.keys(BENCHES).join(" | ")} [--json]`,
  );
  process.exit(2);
}
const report = await (await load())();
console.log(JSON.stringify(report, undefined, words.includes("--json") ? undefined : 2));
