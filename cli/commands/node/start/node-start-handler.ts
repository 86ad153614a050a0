import { runNode } from "#node/main.ts";
import type { Handler } from "../../../command/command.ts";
import { toJsonLine } from "../../../command/print-answer.ts";
import { announceReady } from "../../../program/lifetime.ts";
import { nodeSettingsOf } from "../../../session/node-settings.ts";
import type { NodeStartOptions } from "./node-start-options.ts";

export const nodeStartHandler: Handler<NodeStartOptions> = async ({ node: flags, listen }, context) => {
  const settings = await nodeSettingsOf(flags, context);
  let started: { node: string; owner: string; url: string } | undefined;
  await runNode({ ...settings, listen }, context.signal, ({ node, owner, url, endpoint }) => {
    started = { node, owner, url };
    // Said at once: the command itself ends only with the node.
    if (context.json) context.io.err(toJsonLine({ node, owner, url, endpoint }));
    else context.io.err(`Node ${node} of ${owner} serves at ${url}. Stop it with Ctrl-C.\n`);
    announceReady(url);
  });
  return { json: { ...started, stopped: true }, text: "" };
};
