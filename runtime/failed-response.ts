// The answer of a call that ended otherwise than well: fixed bytes, so that every node hashes the same.
import { encodeResponse } from "#protocol/message.ts";
import type { OutcomeKind } from "#protocol/usage.ts";

export type FailedOutcome = Exclude<OutcomeKind, "ok">;

const TITLES: Readonly<Record<FailedOutcome, string>> = {
  "guest-abort": "The microservice failed",
  "out-of-fuel": "The microservice used up its fuel",
  "too-deep": "The microservice nested its calls too deeply",
  trap: "The microservice's machine stopped",
};

const HEADERS = [["content-type", "application/problem+json"]] as const;

/** Encoded by the protocol, status 500; what the microservice said about it is in its log. */
export function failedResponse(outcome: FailedOutcome): Uint8Array {
  const problem = { type: `urn:mimik:outcome:${outcome}`, title: TITLES[outcome], status: 500 };
  return encodeResponse({ status: 500, headers: HEADERS, body: new TextEncoder().encode(JSON.stringify(problem)) });
}
