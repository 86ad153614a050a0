// When a statement may be posted: now lies before its end, and the end is not far off.
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { UnixSeconds } from "#protocol/units.ts";

interface Window {
  readonly validFrom: UnixSeconds;
  readonly validUntil: UnixSeconds;
}

/** @throws `offer-window-empty`, `offer-expired`, `offer-window-too-long`, and the same of a bid */
export function requireWindow(kind: "offer" | "bid", { validFrom, validUntil }: Window, now: UnixSeconds): void {
  if (validFrom >= validUntil) {
    throw new ProtocolError("invalid", `${kind}-window-empty`, `The ${kind} ends before it begins.`, {
      hint: "Set validUntil after validFrom.",
      context: { validFrom, validUntil },
    });
  }
  if (validUntil <= now) {
    throw new ProtocolError(
      "rejected",
      `${kind}-expired`,
      `The ${kind} was valid until ${validUntil}, now is ${now}.`,
      {
        hint: "Sign a new one, and check that the clock is right.",
        context: { validUntil, now },
      },
    );
  }
  const latest = now + LIMITS.statementSecondsMax;
  if (validUntil > latest) {
    throw new ProtocolError(
      "rejected",
      `${kind}-window-too-long`,
      `The ${kind} is valid until ${validUntil}, at most ${latest} is taken.`,
      { hint: "Sign for a shorter time and post anew before it ends.", context: { validUntil, latest } },
    );
  }
}
