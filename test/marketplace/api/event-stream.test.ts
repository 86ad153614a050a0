import assert from "node:assert/strict";
import { test } from "node:test";
import { createEventHub, type EventHub } from "#marketplace/api/event-stream.ts";
import { MARKETPLACE_LIMITS } from "#marketplace/limits.ts";

interface Listener {
  read(until: string): Promise<string>;
  close(): Promise<void>;
}

function listenTo(hub: EventHub, lastEventId?: string, remote = "a"): Listener {
  const leaving = new AbortController();
  const reader = (
    hub.open({ remote, lastEventId, signal: leaving.signal }).body as ReadableStream<Uint8Array>
  ).getReader();
  let text = "";
  return {
    read: async (until) => {
      while (!text.includes(until)) {
        const { value, done } = await reader.read();
        if (done) break;
        text += new TextDecoder().decode(value);
      }
      return text;
    },
    close: () => reader.cancel(),
  };
}

const idsOf = (text: string) => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id as string);

test("who reconnects gets what it missed, in order and once", async () => {
  using hub = createEventHub();
  const first = listenTo(hub);
  for (const job of [1, 2, 3]) hub.publish("job", { job });
  const seen = idsOf(await first.read('"job":3'));
  await first.close();
  hub.publish("job", { job: 4 });
  const again = listenTo(hub, seen[1]);
  hub.publish("node", { amount: 5n });
  const text = await again.read('"amount":"5"');
  assert.deepEqual(
    [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => data),
    ['{"job":3}', '{"job":4}', '{"amount":"5"}'],
  );
  await again.close();
  assert.equal(hub.streams, 0);
});

test("who was away for too long, or comes from another run, is told to read everything anew", async () => {
  using hub = createEventHub();
  const listener = listenTo(hub);
  hub.publish("job", { job: 0 });
  const [old] = idsOf(await listener.read('"job":0'));
  for (let job = 1; job <= MARKETPLACE_LIMITS.eventRing + 1; job++) hub.publish("job", { job });
  for (const lastEventId of [old, "deadbeef-1", "nonsense", `${old?.split("-")[0]}-999999`]) {
    const text = await listenTo(hub, lastEventId).read("event: reset");
    assert.match(text, /event: reset\ndata: \{\}/);
    assert.doesNotMatch(text, /event: job/);
    const [id] = idsOf(text);
    hub.publish("job", { after: lastEventId });
    assert.match(await listenTo(hub, id).read("after"), /^event: job$/m, "goes on from there");
  }
});

test("a reorganisation is told as a reset", async () => {
  using hub = createEventHub();
  const listener = listenTo(hub);
  hub.reset();
  assert.match(await listener.read("reset"), /event: reset/);
});

test("streams are limited in all and for one address, and closing one makes room", async () => {
  using hub = createEventHub();
  const own = Array.from({ length: MARKETPLACE_LIMITS.eventStreamsPerRemote }, () => listenTo(hub));
  assert.throws(() => listenTo(hub), { code: "streams-full" });
  await own[0]?.close();
  listenTo(hub);
  for (let stream = hub.streams; stream < MARKETPLACE_LIMITS.eventStreams; stream++)
    listenTo(hub, undefined, `b${stream}`);
  assert.throws(() => listenTo(hub, undefined, "c"), { code: "streams-full" });
});

test("a reader that does not read is let go before it fills the memory", async () => {
  using hub = createEventHub();
  listenTo(hub);
  const large = "x".repeat(MARKETPLACE_LIMITS.eventStreamBytes / 8);
  for (let event = 0; event < 16 && hub.streams > 0; event++) hub.publish("bid", large);
  assert.equal(hub.streams, 0);
});
