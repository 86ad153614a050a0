// How often one call may ask its host for something: the worst price of a job is reckoned with it, in both lanes.
import { LIMITS } from "#protocol/limits.ts";
import { GuestAbort } from "./instance/guest-signals.ts";

/** The count with one event more. @throws GuestAbort past the limit */
export function oneMoreEvent(events: number): number {
  if (events < LIMITS.jobEvents) return events + 1;
  throw new GuestAbort(`The microservice asked its host more than ${LIMITS.jobEvents} times.`);
}
