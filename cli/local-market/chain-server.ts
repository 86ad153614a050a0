// Makes Hardhat's chain for this machine: in memory, and without what it would know of the contracts.
import hre from "hardhat";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";

/**
 * Hardhat tells a refused call's place in the source, for which it reads all that the compiler ever said, longer than
 * all else takes. Callers decode errors by their ABI, so it is shown a folder that does not exist.
 */
const NO_ARTIFACTS = "artifacts/none";

/** A chain that listens when it is told to. `network` is one of hardhat.config.ts, `port` 0 takes any. */
export async function createChainServer(network: "default" | "node", host: string, port: number) {
  const { userConfig, config } = hre;
  const paths = { ...userConfig.paths, artifacts: NO_ARTIFACTS };
  // Callers have clients of their own, so no plugin needs to be loaded.
  const bare = await createHardhatRuntimeEnvironment({ ...userConfig, plugins: [], paths }, {}, config.paths.root);
  return bare.network.createServer(network, host, port);
}
