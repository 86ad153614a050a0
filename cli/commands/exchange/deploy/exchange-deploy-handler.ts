import { join } from "node:path";
import { deployExchange } from "#chain/deploy.ts";
import { writeDeployment } from "#chain/deployments.ts";
import type { Handler } from "../../../command/command.ts";
import { fields } from "../../../command/table.ts";
import { projectRoot } from "../../../program/project-root.ts";
import { requireRpcUrl } from "../../../session/open-chain.ts";
import { settingsOf } from "../../../session/open-session.ts";
import { openWallet } from "../../../session/open-wallet.ts";
import type { ExchangeDeployOptions } from "./exchange-deploy-options.ts";

export const exchangeDeployHandler: Handler<ExchangeDeployOptions> = async ({ token, graceSeconds }, context) => {
  const settings = await settingsOf(context);
  const rpcUrl = requireRpcUrl(settings);
  const account = await openWallet(context, settings);
  context.progress.update("Deploying");
  const artifacts = join(projectRoot(), "artifacts");
  const deployment = await deployExchange({ rpcUrl, account, graceSeconds, artifacts, ...(token && { token }) });
  // Commands that share this home find it by its chain from now on.
  await writeDeployment(settings.home, deployment);
  return {
    json: { ...deployment, graceSeconds },
    text: `${fields([
      ["chain", String(deployment.chainId)],
      ["exchange", deployment.exchange],
      ["token", deployment.token],
      ["block", String(deployment.deployedAt)],
    ])}\nNext: mimik marketplace start`,
  };
};
