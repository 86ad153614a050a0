import assert from "node:assert/strict";
import { test } from "node:test";
import { createPostLimiter, networkOf } from "#marketplace/api/post-limiter.ts";

test("a burst is taken, more is refused, and time gives some back", () => {
  let millis = 0;
  const count = createPostLimiter({ postBurst: 3, postsPerSecond: 2 }, () => millis);
  for (let post = 0; post < 3; post++) count("192.0.2.1");
  assert.throws(() => count("192.0.2.1"), { code: "too-many-posts", retryable: true });
  count("192.0.2.2");
  millis += 500;
  count("192.0.2.1");
  assert.throws(() => count("192.0.2.1"), { code: "too-many-posts" });
  millis += 3_600_000;
  for (let post = 0; post < 3; post++) count("192.0.2.1");
  assert.throws(() => count("192.0.2.1"), { code: "too-many-posts" });
});

test("addresses of one IPv6 network count as one", () => {
  assert.equal(networkOf("2001:db8:1:2:a:b:c:d"), networkOf("2001:db8:1:2::1"));
  assert.notEqual(networkOf("2001:db8:1:2::1"), networkOf("2001:db8:1:3::1"));
  assert.equal(networkOf("2001:db8::1"), "2001:db8:0:0");
  assert.equal(networkOf("::1"), "0:0:0:0");
  assert.equal(networkOf("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
  assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
});
