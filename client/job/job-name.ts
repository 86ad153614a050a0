// Names a job on this machine, also before it has an order.
import { randomBytes } from "node:crypto";

/** Twelve hex digits that no other job here has. */
export function jobName(): string {
  return randomBytes(6).toString("hex");
}
