import { createRequire } from "node:module";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatNodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import { defineConfig } from "hardhat/config";
import type { SolcUserConfig } from "hardhat/types/config";

// The compiler comes from npm, so that a build needs no download beyond `npm ci`.
// More runs make code cheaper to call and longer, and a chain accepts no more than 24,576 bytes of it.
function compiler(runs: number, viaIR: boolean): SolcUserConfig {
  return {
    version: "0.8.37",
    path: createRequire(import.meta.url).resolve("solc/soljson.js"),
    settings: { optimizer: { enabled: true, runs }, evmVersion: "osaka", viaIR },
  };
}

// The exchange, which every job pays for, goes the compiler's slow way, which gives cheaper code; the tests call it as it
// was built. Twice its runs would make it a tenth longer and save a thousandth of its gas. The court, for which no job
// waits, is long because it judges so much: few runs make it a sixth shorter.
const solidity = {
  compilers: [compiler(20_000, false)],
  overrides: { "contracts/Exchange.sol": compiler(10_000, true), "contracts/Court.sol": compiler(200, false) },
};

// One block per transaction at the time of the machine's clock: without blocks of one time, several transactions in a
// second would push the chain's clock ahead and order deadlines would pass too early.
const localChain = {
  type: "edr-simulated",
  chainType: "l1",
  hardfork: "osaka",
  chainId: 31_337,
  allowBlocksWithSameTimestamp: true,
} as const;

export default defineConfig({
  plugins: [hardhatEthers, hardhatViem, hardhatNetworkHelpers, hardhatNodeTestRunner],
  solidity: { profiles: { default: solidity, production: solidity } },
  paths: { sources: "./contracts", tests: { nodejs: "./test/contracts", solidity: "./test/contracts" } },
  // A chain that people use makes blocks of its own too: a draw waits for the randomness of a later one.
  networks: { default: localChain, node: { ...localChain, mining: { auto: true, interval: 1_000 } } },
  test: {
    solidity: {
      // Tests repeat themselves exactly; `npm run fuzz` gives another seed.
      fuzz: { runs: 512, ...(process.env.FUZZ_SEED && { seed: process.env.FUZZ_SEED }) },
      invariant: { runs: 64, depth: 64, failOnRevert: true },
      // The tests deploy the built contracts instead of compiling them into every test contract, and read golden vectors.
      fsPermissions: { readDirectory: ["artifacts/contracts"], readFile: ["protocol/vectors/bls.json"] },
    },
  },
});
