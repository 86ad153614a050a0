import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import type { Problem } from "#protocol/protocol-error.ts";
import { signMessage } from "#protocol/signing.ts";
import { toWire } from "#protocol/wire.ts";
import { CONSUMER, DOMAIN, NODES, type ServedBook, serveTestBook, temporaryFolder } from "../book-fixture.ts";
import {
  addressOf,
  bidOf,
  eventually,
  type MarketNode,
  nowSeconds,
  offerOf,
  signedBid,
  signedOffer,
} from "../statements.ts";

const folder = temporaryFolder();
const [node, other] = NODES as readonly [MarketNode, MarketNode];
let served: ServedBook;
before(async () => {
  served = await serveTestBook(folder.path);
});
after(async () => {
  await served[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

type Fields = Record<string, unknown>;
interface Statement {
  message: Fields;
  signature: string;
}

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  type = "application/json",
): Promise<Response> {
  return fetch(`${served.url}/v1${path}`, { method: "POST", body, headers: { "content-type": type } });
}

/** A good offer as plain JSON, to be spoilt. */
async function offerJson(spoil: (statement: Statement) => void = () => {}): Promise<string> {
  const statement = JSON.parse(toWire(await signedOffer({ domain: DOMAIN }, node))) as Statement;
  spoil(statement);
  return JSON.stringify(statement);
}

async function bidJson(spoil: (statement: Statement) => void = () => {}): Promise<string> {
  const statement = JSON.parse(toWire(await signedBid({ domain: DOMAIN, consumer: CONSUMER }))) as Statement;
  spoil(statement);
  return JSON.stringify(statement);
}

/** Signed as it should be, with fields that the rules refuse. */
const signedWith = async (changes: Parameters<typeof offerOf>[1], domain = DOMAIN) =>
  toWire(await signedOffer({ domain }, node, changes));
const set = (field: string, value: unknown) => (statement: Statement) => {
  statement.message[field] = value;
};
const setRate = (axis: string, value: unknown) => (statement: Statement) => {
  (statement.message.rates as Fields)[axis] = value;
};

interface Malformed {
  readonly what: string;
  readonly path?: string;
  readonly code: string;
  readonly status?: number;
  readonly field?: string;
  readonly body: () => Promise<string> | string;
}

const refused = (what: string, field: string, body: Malformed["body"], path = "/offers"): Malformed => {
  return { what, field, body, path, code: "message-refused" };
};

const now = () => Math.floor(Date.now() / 1_000);

const MALFORMED: readonly Malformed[] = [
  { what: "no JSON", code: "body-not-json", body: () => "{ offer" },
  { what: "nothing at all", code: "body-not-json", body: () => "" },
  refused("a list", "", () => "[]"),
  refused("null", "", () => "null"),
  { what: "deep JSON", code: "body-too-deep", body: () => `{"message":${"[".repeat(50_000)}` },
  {
    what: "too many bytes",
    code: "body-too-large",
    status: 413,
    body: () => JSON.stringify({ message: "x".repeat(300_000) }),
  },
  refused("an unknown field", "message", () => offerJson(set("discount", 1))),
  refused("a polluted prototype", "", async () => (await offerJson()).replace("{", '{"__proto__":{"admin":true},')),
  refused("a missing field", "message.runtime", () => offerJson(set("runtime", undefined))),
  refused("a negative number", "message.slots", () => offerJson(set("slots", -1))),
  refused("a broken number", "message.slots", () => offerJson(set("slots", 1.5))),
  refused("a number beyond its type", "message.memoryPages", () => offerJson(set("memoryPages", 2 ** 33))),
  refused("an amount as a number", "message.rates.fuel", () => offerJson(setRate("fuel", 5))),
  refused("a negative amount", "message.rates.fuel", () => offerJson(setRate("fuel", "-5"))),
  refused("an amount with a leading zero", "message.rates.job", () => offerJson(setRate("job", "007"))),
  refused("an amount beyond 96 bits", "message.rates.job", () => offerJson(setRate("job", (1n << 96n).toString()))),
  refused("an amount of a million digits", "message.rates.job", () => offerJson(setRate("job", "9".repeat(200_000)))),
  refused("a hexadecimal amount", "message.rates.job", () => offerJson(setRate("job", "0xff"))),
  refused("an unknown isolation", "message.isolation", () => offerJson(set("isolation", "total"))),
  refused("right-to-left text", "message.runtime", () => offerJson(set("runtime", "mimik\u202Etxt"))),
  refused("letters that look alike", "message.scopes.0", () => offerJson(set("scopes", ["nеtwork:home"]))),
  refused("too many scopes", "message.scopes", () => offerJson(set("scopes", Array(17).fill("a")))),
  refused("a script as endpoint", "message.endpoint", () => offerJson(set("endpoint", "javascript:alert(1)"))),
  refused("credentials in an endpoint", "message.endpoint", () => offerJson(set("endpoint", "http://a:b@c/"))),
  refused("half an address", "message.node", () => offerJson(set("node", "0x1234"))),
  refused("a short signature", "signature", () =>
    offerJson((statement) => {
      statement.signature = statement.signature.slice(0, -4);
    }),
  ),
  {
    what: "somebody else's signature",
    code: "signature-invalid",
    status: 401,
    body: async () => toWire(await signMessage(other.key, DOMAIN, "Offer", offerOf(node))),
  },
  {
    what: "a changed field under a good signature",
    code: "signature-invalid",
    status: 401,
    body: () => offerJson(set("slots", 5)),
  },
  {
    what: "the mirrored signature with high s",
    code: "signature-invalid",
    status: 401,
    body: () =>
      offerJson((statement) => {
        const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
        const high = (order - BigInt(`0x${statement.signature.slice(66, 130)}`)).toString(16).padStart(64, "0");
        const parity = statement.signature.endsWith("1b") ? "1c" : "1b";
        statement.signature = `${statement.signature.slice(0, 66)}${high}${parity}`;
      }),
  },
  {
    what: "another chain's signature",
    code: "signature-invalid",
    status: 401,
    body: () => signedWith({}, { ...DOMAIN, chainId: 1 }),
  },
  {
    what: "another exchange's signature",
    code: "signature-invalid",
    status: 401,
    body: () => signedWith({}, { ...DOMAIN, exchange: `0x${"ee".repeat(20)}` }),
  },
  {
    what: "an offer that ended",
    code: "offer-expired",
    status: 422,
    body: () => signedWith({ validUntil: now() - 1 }),
  },
  {
    what: "an offer that ends before it begins",
    code: "offer-window-empty",
    body: () => signedWith({ validFrom: now() + 500, validUntil: now() + 400 }),
  },
  {
    what: "an offer for a year",
    code: "offer-window-too-long",
    status: 422,
    body: () => signedWith({ validUntil: now() + 365 * 86_400 }),
  },
  {
    what: "another owner's node",
    code: "node-of-other-owner",
    status: 422,
    body: () => signedWith({ owner: addressOf(other.owner) }),
  },
  refused("no replicas", "message.replicas", () => bidJson(set("replicas", 0)), "/bids"),
  refused("a quorum of less than half", "message.quorumBps", () => bidJson(set("quorumBps", 5_000)), "/bids"),
  refused("a deadline of no time", "message.deadlineSeconds", () => bidJson(set("deadlineSeconds", 1)), "/bids"),
  refused("an upper-case hash", "message.salt", () => bidJson(set("salt", `0x${"AB".repeat(32)}`)), "/bids"),
  { what: "an offer as a bid", path: "/bids", code: "message-refused", body: () => offerJson() },
  {
    what: "a forged bid",
    path: "/bids",
    code: "signature-invalid",
    status: 401,
    body: () => bidJson(set("budget", "1")),
  },
  {
    what: "a bid that ended",
    path: "/bids",
    code: "bid-expired",
    status: 422,
    body: async () => toWire(await signMessage(CONSUMER, DOMAIN, "Bid", bidOf(CONSUMER, { validUntil: now() }))),
  },
  {
    what: "a match of no known bid",
    path: `/bids/0x${"0".repeat(64)}/match`,
    code: "bid-unknown",
    status: 404,
    body: () => '{"banned":[]}',
  },
  {
    what: "a match that bans half the world",
    path: `/bids/0x${"0".repeat(64)}/match`,
    code: "message-refused",
    body: () => JSON.stringify({ banned: Array(65).fill(addressOf(node.key)) }),
  },
  { what: "a match of half a hash", path: "/bids/0x12/match", code: "message-refused", body: () => '{"banned":[]}' },
];

test(`each of ${MALFORMED.length} malformed statements gets its own typed refusal`, async (t) => {
  for (const { what, path = "/offers", code, status = 400, field, body } of MALFORMED) {
    await t.test(what, async () => {
      const response = await post(path, await body());
      const problem = (await response.json()) as Problem;
      assert.equal(problem.code, code, JSON.stringify(problem));
      assert.equal(response.status, status);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.ok((problem.hint ?? "").length > 0, "says what to do next");
      if (field !== undefined) assert.equal(problem.context?.field, field);
    });
  }
  assert.deepEqual(served.book.counts(), { offers: 0, bids: 0 });
  assert.deepEqual(served.bugs, []);
});

test("bytes that are no text, and a body of another type, are refused", async () => {
  const broken = await post("/offers", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
  assert.equal(((await broken.json()) as Problem).code, "body-not-json");
  const form = await post("/offers", await offerJson(), "text/plain");
  assert.equal(((await form.json()) as Problem).code, "body-not-json");
});

test("a sender that stops in the middle holds up nobody, and one that hangs up is let go", async () => {
  const { hostname, port } = new URL(served.url);
  const slow = connect(Number(port), hostname);
  slow.on("error", () => {});
  slow.write(
    `POST /v1/offers HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"mess`,
  );
  assert.equal((await post("/offers", await offerJson())).status, 200);
  slow.destroy();
  assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
  assert.deepEqual(served.bugs, []);
});

test("queries are checked like bodies", async () => {
  const paths: readonly (readonly [string, string])[] = [
    ["/v1/jobs?limit=0", "message-refused"],
    ["/v1/jobs?limit=201", "message-refused"],
    ["/v1/jobs?limit=1e2", "message-refused"],
    ["/v1/jobs?sort=random", "message-refused"],
    ["/v1/jobs?cursor=1.2", "cursor-malformed"],
    ["/v1/leases?cursor=1.2.3", "cursor-malformed"],
    ["/v1/nodes?cursor=%00", "cursor-malformed"],
    ["/v1/owners?cursor=-1.0x", "cursor-malformed"],
    ["/v1/bids?cursor=%F0%9F%92%A9", "cursor-malformed"],
    ["/v1/earnings", "message-refused"],
    ["/v1/earnings?owner=me", "message-refused"],
    ["/v1/earnings/series?hours=9999", "message-refused"],
    ["/v1/profit-share?owner=me", "message-refused"],
    ["/v1/profit-share/holding", "message-refused"],
    ["/v1/profit-share/holding?account=0x12", "message-refused"],
    ["/v1/profit-share/prices?hours=721", "message-refused"],
    ["/v1/profit-share/prices?hours=0", "message-refused"],
    [`/v1/jobs/0x${"a".repeat(64)}`, "job-unknown"],
    [`/v1/leases/0x${"a".repeat(64)}`, "lease-unknown"],
    [`/v1/nodes/0x${"a".repeat(40)}`, "node-unknown"],
    ["/v1/../../etc/passwd", "route-unknown"],
    ["/assets/..%2f..%2fpackage.json", "route-unknown"],
  ];
  for (const [path, code] of paths) {
    const problem = (await (await fetch(served.url + path)).json()) as Problem;
    assert.equal(problem.code, code, path);
  }
});

test("the client of the mesh speaks this API", async () => {
  const market = httpMarketplaceClient(served.url);
  const signed = await signedOffer({ domain: DOMAIN }, other);
  assert.deepEqual((await market.postOffer(signed)).offer, signed);
  const { id } = await market.postBid(await signedBid({ domain: DOMAIN, consumer: CONSUMER }, { replicas: 1 }));
  const again = await market.matchAgain(id, [addressOf(other.key)]);
  assert.ok(again.refusals.some(({ node: refusedNode }) => refusedNode === addressOf(other.key)));
  const message = { statement: id, signer: addressOf(CONSUMER) };
  assert.equal(await market.cancel(await signMessage(CONSUMER, DOMAIN, "Cancellation", message)), true);
  await assert.rejects(market.matchAgain(id, []), { code: "bid-cancelled" });
  const info = await market.info();
  assert.deepEqual([info.chainId, info.block, info.counts.offers], [DOMAIN.chainId, null, 2]);
  assert.deepEqual(await market.jobs(), { rows: [], next: null });
  assert.equal((await market.earnings(addressOf(other.owner))).earned, 0n);
});

test("a profit share of which nobody holds anything is told in zeros", async () => {
  const ask = async (path: string) => (await (await fetch(`${served.url}/v1/profit-share${path}`)).json()) as Fields;
  const { time, price, dripEnds, ...sums } = await ask("");
  assert.ok(Number(time) >= nowSeconds() - 5);
  assert.deepEqual([price, dripEnds], ["1000000", null]);
  for (const [name, sum] of Object.entries(sums)) assert.equal(sum, "0", name);
  const holding = await ask(`/holding?account=${addressOf(other.owner).toUpperCase().replace("0X", "0x")}`);
  assert.deepEqual([holding.account, holding.held, holding.stakes], [addressOf(other.owner), "0", []]);
  const { prices, stepSeconds } = await ask("/prices");
  assert.deepEqual([stepSeconds, new Set(prices as string[])], [720, new Set([null])]);
});

test("every origin may read, none but this one may post from a page", async () => {
  const read = await fetch(`${served.url}/v1/market`, { headers: { origin: "https://elsewhere.example" } });
  assert.equal(read.headers.get("access-control-allow-origin"), "*");
  const ask = {
    method: "OPTIONS",
    headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
  };
  const asked = await fetch(`${served.url}/v1/offers`, ask);
  assert.equal(asked.headers.get("access-control-allow-origin"), null);
  assert.equal((await post("/offers", await offerJson())).headers.get("access-control-allow-origin"), null);
});

test("the API describes itself to programs and to people", async () => {
  const document = (await (await fetch(`${served.url}/openapi.json`)).json()) as { openapi: string; paths: Fields };
  assert.equal(document.openapi, "3.1.0");
  const described = Object.keys(document.paths);
  for (const path of [
    "/v1/offers",
    "/v1/bids/{bid}/match",
    "/v1/events",
    "/v1/earnings/series",
    "/v1/profit-share/holding",
    "/v1/leases/{lease}",
  ]) {
    assert.ok(described.includes(path), path);
  }
  const docs = await fetch(`${served.url}/docs`);
  const page = await docs.text();
  for (const path of described) assert.ok(page.includes(`<code>${path}</code>`), path);
  assert.doesNotMatch(page, /<script|https?:\/\//, "loads nothing");
  assert.match(docs.headers.get("content-security-policy") ?? "", /style-src 'sha256-/);
  assert.match(await (await fetch(`${served.url}/metrics`)).text(), /mimik_marketplace_offers 2/);
  assert.match(await (await fetch(`${served.url}/`)).text(), /npm run build/);
});

test("events are told over HTTP, and a closed stream is forgotten", async () => {
  const leaving = new AbortController();
  const response = await fetch(`${served.url}/v1/events`, { signal: leaving.signal });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(served.events.streams, 1);
  const signed = await signedOffer({ domain: DOMAIN }, other);
  await post("/offers", toWire(signed));
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("event: offer")) break;
  }
  assert.ok(text.includes(signed.signature));
  leaving.abort();
  await eventually(
    async () => served.events.streams,
    (streams) => streams === 0,
  );
});
