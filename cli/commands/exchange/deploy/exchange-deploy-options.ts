// The flags of mimik exchange deploy.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { addressOption, durationOption } from "../../../command/option-values.ts";

export const exchangeDeployFlags: readonly Flag[] = [
  { form: "--token <address>", summary: "ERC-20 token in which the exchange pays; a worthless one on local chains" },
  { form: "--grace <duration>", summary: "time after a deadline in which anyone can still settle (10m)" },
];

export interface ExchangeDeployOptions {
  readonly token: `0x${string}` | undefined;
  readonly graceSeconds: number;
}

const GRACE_SECONDS = 600;

export function exchangeDeployOptions(raw: RawOptions): ExchangeDeployOptions {
  return { token: addressOption(raw, "token"), graceSeconds: durationOption(raw, "grace") ?? GRACE_SECONDS };
}
