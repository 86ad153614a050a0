// poll_oneoff: every subscription is ready at once. Time stands still, so there is nothing to wait for.
import type { HostSurroundings } from "./host-surroundings.ts";
import { INSTANCE_LIMITS } from "./limits.ts";
import { ERRNO } from "./wasi-errno.ts";
import type { WasiStreams } from "./wasi-streams.ts";

const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const CLOCK = 0;
const FD_READ = 1;

export interface Poll {
  readonly input: number;
  readonly output: number;
  readonly count: number;
  readonly result: number;
}

export function pollOnce(host: HostSurroundings, streams: WasiStreams, { input, output, count, result }: Poll): number {
  const size = count >>> 0;
  if (size === 0 || size > INSTANCE_LIMITS.pollSubscriptions) return ERRNO.invalid;
  const subscriptions = host.slice(input, size * SUBSCRIPTION_BYTES);
  const events = host.slice(output, size * EVENT_BYTES);
  if (!subscriptions || !events || !host.slice(result, 4)) return ERRNO.fault;
  // The two areas may overlap: read everything before the first write.
  const asked = subscriptions.slice();
  const view = new DataView(asked.buffer);
  events.fill(0);
  for (let index = 0; index < size; index++) {
    const from = index * SUBSCRIPTION_BYTES;
    const to = (output >>> 0) + index * EVENT_BYTES;
    const kind = view.getUint8(from + 8);
    const open = kind === CLOCK || streams.isOpen(view.getUint32(from + 16, true));
    host.view().setBigUint64(to, view.getBigUint64(from, true), true);
    host.view().setUint16(to + 8, open ? ERRNO.success : ERRNO.badDescriptor, true);
    host.view().setUint8(to + 10, kind);
    if (open && kind === FD_READ) host.view().setBigUint64(to + 16, BigInt(streams.waiting), true);
  }
  host.view().setUint32(result >>> 0, size, true);
  return ERRNO.success;
}
