import { defineCommand } from "../../../command/command.ts";
import { exchangeDeployFlags, exchangeDeployOptions } from "./exchange-deploy-options.ts";

export const exchangeDeployCommand = defineCommand({
  name: "deploy",
  summary: "Put an exchange on a chain. Whoever deploys it has no rights in it afterwards.",
  flags: exchangeDeployFlags,
  examples: [
    "mimik exchange deploy --rpc-url http://127.0.0.1:8545 --wallet deployer",
    "mimik exchange deploy --token 0x036CbD53842c5426634e7929541eC2318f3dCF7e --grace 1d --json",
  ],
  options: exchangeDeployOptions,
  load: async () => (await import("./exchange-deploy-handler.ts")).exchangeDeployHandler,
});
