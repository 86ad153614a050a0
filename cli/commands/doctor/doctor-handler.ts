import { coloured } from "../../command/colour.ts";
import type { Handler } from "../../command/command.ts";
import { settingsOf } from "../../session/open-session.ts";
import { CHECKS } from "./checks.ts";
import type { Finding, Patient } from "./finding.ts";

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;

/** Exit code when something that is needed is missing. */
const UNFIT = 3;

export const doctorHandler: Handler<Record<string, never>> = async (_options, context) => {
  const patient: Patient = { settings: await settingsOf(context), signal: context.signal };
  const findings: Finding[] = [];
  for (const check of CHECKS) {
    context.progress.update("Looking around");
    findings.push(await check(patient));
  }
  const failed = findings.some(({ level }) => level === "fail");
  return {
    json: { fit: !failed, findings },
    text: findings.map(lineOf).join("\n"),
    ...(failed && { exitCode: UNFIT }),
  };
};

function lineOf({ level, what, found, next }: Finding): string {
  const line = `${coloured(COLOURS[level], level.padEnd(4))}  ${what.padEnd(12)}  ${found}`;
  return next && level !== "ok" ? `${line}\n      ${" ".repeat(12)}  Next: ${next}` : line;
}
