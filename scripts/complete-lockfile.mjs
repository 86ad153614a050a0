// Makes package-lock.json installable on every platform and Node version from 20.
// Plain JavaScript, no imports from the project: it runs before anything is installed.
//
// npm writes an incomplete lock in two ways. It keeps `engines` on optional platform binaries, and an npm that runs
// on an older Node then silently skips the binary although our programs run on the packaged Node 24. And it omits
// optional binaries that the registry at hand does not serve, after which `npm ci` refuses the lock as out of sync.
import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8"));
const packages = lock.packages;

/** Where npm would look for `name` when the package at `from` requires it; undefined when the lock has no such entry. */
function resolveEntry(from, name) {
  for (let base = from; ; ) {
    const candidate = base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (base === "") return undefined;
    const parent = base.lastIndexOf("/node_modules/");
    base = parent === -1 ? "" : base.slice(0, parent);
  }
}

/** Platform fields from a binary package's name, such as `edr-linux-arm64-gnu`. */
function platformOf(name) {
  const os = /(darwin|linux|win32|android|freebsd|openbsd|netbsd|sunos|aix)/.exec(name)?.[1];
  const cpu = /-(arm64|x64|arm|ia32|ppc64|s390x|riscv64|loong64)(?:-|$)/.exec(name)?.[1];
  return { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }) };
}

for (const entry of Object.values(packages)) {
  if (entry.optional && (entry.os || entry.cpu || /-(linux|darwin|win32|wasm32)-/.test(entry.resolved ?? ""))) {
    delete entry.engines;
  }
}
for (const [from, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolveEntry(from, name)) continue;
    packages[`node_modules/${name}`] = { version, ...platformOf(name), optional: true };
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
const completed = `${JSON.stringify(lock, null, 2)}\n`;
const changed = completed !== readFileSync(path, "utf8");
if (process.argv.includes("--check")) {
  if (changed) {
    process.stderr.write("package-lock.json is incomplete. Run: npm run lock\n");
    process.exit(1);
  }
} else if (changed) {
  writeFileSync(path, completed);
}
