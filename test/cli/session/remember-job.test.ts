// An interrupted job is named with the way to go on; what cannot be resumed is left as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { rememberJob } from "#cli/session/remember-job.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

const lost = new ProtocolError("unreachable", "chain-unreachable", "Cannot reach the chain.", { hint: "Start it." });
const refused = new ProtocolError("funds", "account-underfunded", "Too little.", { hint: "Deposit." });

test("only what passes, and only once the job is stored, is told to be resumed", () => {
  const steps: string[] = [];
  const job = rememberJob(({ step }) => steps.push(step));
  assert.equal(job.withName(lost), lost);
  job.onProgress({ step: "planned", name: "0123456789ab" });
  assert.deepEqual(steps, ["planned"]);
  assert.equal(job.withName(refused), refused);
  const named = job.withName(lost) as ProtocolError;
  assert.equal(named.code, "chain-unreachable");
  assert.equal(named.hint, "Start it. Then go on with mimik job resume 0123456789ab.");
  assert.equal(named.context.job, "0123456789ab");
});
