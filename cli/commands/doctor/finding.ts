// What a check of mimik doctor finds.
import type { Chain } from "#chain/connect.ts";
import type { Settings } from "../../settings/settings.ts";

export interface Finding {
  readonly what: string;
  /** `warn`: something will not work that not everybody needs. */
  readonly level: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to do about it. */
  readonly next?: string;
}

/** What is looked at; the chain is there once its own check has reached it. */
export interface Patient {
  readonly settings: Settings;
  readonly signal: AbortSignal;
  chain?: Chain;
}

export type Check = (patient: Patient) => Promise<Finding>;
