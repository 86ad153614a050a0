import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import { limitRate, RateLimiter } from "#node/api/rate-limit.ts";
import { NODE_LIMITS } from "#node/limits.ts";

test("a remote has its burst, then its rate; another one is not touched", () => {
  const clock = { now: 0 };
  const limiter = new RateLimiter({ burst: 3, perSecond: 2 }, () => clock.now);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limiter.take("a")),
    [true, true, true, false],
  );
  assert.ok(limiter.take("b"));
  clock.now = 499;
  assert.equal(limiter.take("a"), false);
  clock.now = 500;
  assert.deepEqual([limiter.take("a"), limiter.take("a")], [true, false]);
  clock.now = 1e6;
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limiter.take("a")),
    [true, true, true, false],
  );
});

test("only so many remotes are remembered, the last seen ones", () => {
  const limiter = new RateLimiter({ burst: 1, perSecond: 0 }, () => 0);
  limiter.take("first");
  for (let index = 0; index < NODE_LIMITS.remotes; index++) limiter.take(`remote ${index}`);
  assert.ok(limiter.take("first"), "forgotten, so it begins anew");
  assert.equal(limiter.take(`remote ${NODE_LIMITS.remotes - 1}`), false);
});

test("IPv6 addresses of one network share a bucket", async () => {
  const app = new Hono();
  app.use(limitRate(new RateLimiter({ burst: 1, perSecond: 0 })));
  app.get("/", (c) => c.text("served"));
  app.onError((error, c) => c.text((error as { code?: string }).code ?? "unknown", 429));
  const ask = async (remoteAddress: string) => {
    const response = await app.request("/", {}, { incoming: { socket: { remoteAddress } } });
    return response.text();
  };
  assert.equal(await ask("2001:db8:1:2:3::1"), "served");
  assert.equal(await ask("2001:db8:1:2:4::9"), "rate-limited");
  assert.equal(await ask("2001:db8:1:3::1"), "served");
  assert.equal(await ask("192.0.2.1"), "served");
});
