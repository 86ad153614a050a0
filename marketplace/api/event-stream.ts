// GET /v1/events: what is new, as server-sent events, with a bounded memory for those who reconnect.
import { randomUUID } from "node:crypto";
import { MARKET_EVENTS, type MarketEvent } from "#protocol/marketplace-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { toWire } from "#protocol/wire.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";

/**
 * Sent when what a listener knows may be wrong as a whole: its `Last-Event-ID` is older than the memory or of another
 * run, or the chain was reorganised. It should read everything anew.
 */
export const RESET_EVENT = "reset";
export const STREAM_EVENTS = [...MARKET_EVENTS, RESET_EVENT] as const;

export interface EventHub extends Disposable {
  publish(kind: MarketEvent, row: unknown): void;
  /** Tells every listener to read everything anew. */
  reset(): void;
  /** A stream for one listener. @throws `streams-full` */
  open(request: StreamRequest): Response;
  readonly streams: number;
}

export interface StreamRequest {
  /** Address of the listener, of which a limited number of streams is served. */
  readonly remote: string;
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
}

interface Sent {
  readonly sequence: number;
  readonly text: string;
}

interface Stream {
  readonly remote: string;
  send(text: string): void;
  end(): void;
}

const encoder = new TextEncoder();

export function createEventHub(): EventHub {
  // Ids of another run must not be taken for ours after a restart.
  const run = randomUUID().slice(0, 8);
  const ring: Sent[] = [];
  const streams = new Set<Stream>();
  let sequence = 0;
  const emit = (kind: string, data: string) => {
    sequence += 1;
    const text = `id: ${run}-${sequence}\nevent: ${kind}\ndata: ${data}\n\n`;
    ring.push({ sequence, text });
    if (ring.length > MARKETPLACE_LIMITS.eventRing) ring.shift();
    for (const stream of streams) stream.send(text);
  };
  const missedBy = (lastEventId: string | undefined): readonly string[] => {
    if (lastEventId === undefined) return [];
    const [, ofRun, seen] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(lastEventId) ?? [];
    const first = ring[0]?.sequence ?? sequence + 1;
    if (ofRun !== run || Number(seen) + 1 < first || Number(seen) > sequence) {
      return [`id: ${run}-${sequence}\nevent: ${RESET_EVENT}\ndata: {}\n\n`];
    }
    return ring.filter((sent) => sent.sequence > Number(seen)).map((sent) => sent.text);
  };
  return {
    publish: (kind, row) => emit(kind, toWire(row)),
    reset: () => emit(RESET_EVENT, "{}"),
    open: ({ remote, lastEventId, signal }) => {
      requireRoom(streams, remote);
      const body = openStream({ remote, streams, signal, first: ["retry: 2000\n\n", ...missedBy(lastEventId)] });
      return new Response(body, {
        headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
      });
    },
    get streams() {
      return streams.size;
    },
    [Symbol.dispose]: () => {
      for (const stream of streams) stream.end();
    },
  };
}

interface StreamOptions {
  readonly remote: string;
  readonly streams: Set<Stream>;
  readonly signal: AbortSignal;
  readonly first: readonly string[];
}

function openStream({ remote, streams, signal, first }: StreamOptions): ReadableStream<Uint8Array> {
  let close = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const stream: Stream = {
          remote,
          send: (text) => {
            controller.enqueue(encoder.encode(text));
            // Whoever reads slower than the market writes is let go; it comes back with the id of its last event.
            if ((controller.desiredSize ?? 0) < 0) stream.end();
          },
          end: () => {
            close();
            controller.close();
          },
        };
        const keepAlive = setInterval(() => stream.send(": alive\n\n"), MARKETPLACE_LIMITS.keepAliveSeconds * 1_000);
        keepAlive.unref();
        close = () => {
          clearInterval(keepAlive);
          streams.delete(stream);
          signal.removeEventListener("abort", close);
        };
        signal.addEventListener("abort", close);
        streams.add(stream);
        for (const text of first) controller.enqueue(encoder.encode(text));
      },
      cancel: () => close(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MARKETPLACE_LIMITS.eventStreamBytes }),
  );
}

function requireRoom(streams: ReadonlySet<Stream>, remote: string): void {
  let ofRemote = 0;
  for (const stream of streams) if (stream.remote === remote) ofRemote += 1;
  const full = streams.size >= MARKETPLACE_LIMITS.eventStreams;
  if (!full && ofRemote < MARKETPLACE_LIMITS.eventStreamsPerRemote) return;
  throw new ProtocolError(
    "busy",
    "streams-full",
    `${streams.size} event streams are open, ${ofRemote} of them yours.`,
    {
      hint: "Close one, or ask the listings instead.",
      context: { open: streams.size, ofRemote },
    },
  );
}
