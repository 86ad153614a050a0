// A program by itself: Hardhat's chain for this machine, with the contracts compiled. It ends with whoever started it.
import hre from "hardhat";
import { announceReady, untilStopped } from "../program/lifetime.ts";
import { buildContracts } from "./build-contracts.ts";
import { createChainServer } from "./chain-server.ts";

const [host = "127.0.0.1", port = "8545"] = process.argv.slice(2);

await buildContracts(hre.config.paths.root, () => hre.tasks.getTask("build").run({ quiet: true, noTests: true }));
const server = await createChainServer("node", host, Number(port));
const address = await server.listen();
announceReady(`http://${address.address}:${address.port}`);
await untilStopped();
// Closing the server waits for idle connections; a chain in memory has nothing to save.
process.exit(0);
