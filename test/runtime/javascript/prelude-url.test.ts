import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluate } from "./engine-fixture.ts";

const PARTS = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

const URLS: readonly (readonly [url: string, base?: string])[] = [
  ["http://example.com"],
  ["HTTP://User:Pa%20ss@EXAMPLE.com:8080/a/./b/../c?q=1#frag"],
  ["https://example.com:443/"],
  ["https://example.com:0444/x"],
  ["http://example.com:/"],
  ["http:\\\\example.com\\a\\b"],
  ["http:///example.com/a"],
  ["http://a@b@c/"],
  ["http://1.2.3.4/"],
  ["http://0x7f.1/"],
  ["http://256/"],
  ["http://1.2.3.256/"],
  ["http://[::1]:3000/"],
  ["http://[2001:db8:0:0:1:0:0:1]/"],
  ["http://[::ffff:1.2.3.4]/"],
  ["http://[1::2::3]/"],
  ["http://exa mple.com/"],
  ["http://ex%41mple.com/"],
  ["http://ex%2fample.com/"],
  ["http://h/a b?c d#e f"],
  ["http://h/ä/€?ü=1#ß"],
  ["http://h/%7Ea/%zz/%2e%2e/x"],
  ["http://h/'\"<>`{}|^"],
  ["http://h/?'\"<>`{}|^"],
  ["  http://h/a\tb\nc  "],
  ["mailto:someone@example.com?subject=x"],
  ["data:text/plain,hello world#f"],
  ["javascript:alert(1)"],
  ["foo://host/path/../x"],
  ["foo://HOST:80/"],
  ["foo:/a/b/../../../c"],
  ["foo:a b"],
  ["file:///etc/../passwd"],
  ["file:///C|/a/../.."],
  ["file://localhost/x"],
  ["file://server/share"],
  ["ws://h:80/"],
  ["wss://h:443/a"],
  ["ftp://h:21/"],
  ["//other/x", "http://h/a/b"],
  ["/x?y", "http://h/a/b?c#d"],
  ["x", "http://h/a/b"],
  ["../x", "http://h/a/b/c"],
  ["?q", "http://h/a?b#c"],
  ["#f", "http://h/a?b#c"],
  ["", "http://h/a?b#c"],
  ["http:x", "http://h/a/b"],
  ["https:x", "http://h/a/b"],
  ["#f", "mailto:a@b"],
  ["x", "mailto:a@b"],
  ["\\x\\y", "http://h/a/b"],
  ["x", "file:///a/b"],
  ["not a url"],
  ["http://"],
  ["http://h:99999/"],
  ["http://h:x/"],
  [""],
  ["http://h\u0000/"],
  ["//h", "foo://x/y"],
  ["web+demo:/.//not-a-host/"],
  ["http://localhost/"],
  ["https://a.b-c.example/x/y?q=1&z=%20"],
  ["http://localhost/a/./b"],
  ["http://localhost/a.b"],
  ["http://localhost?x"],
  ["http://a.1/"],
  ["http://a..b/"],
  ["http://a.b./"],
  ["http://a/b//c/"],
  ["http://localhost/x?'"],
];

test("URL parses as Node's does", () => {
  const seen = evaluate(`${JSON.stringify(URLS)}.map(([url, base]) => { try { const u = new URL(url, base);
    return ${JSON.stringify(PARTS)}.map((part) => u[part]); } catch (error) { return error.name; } })`) as unknown[];
  URLS.forEach(([url, base], index) => {
    let expected: unknown = "TypeError";
    try {
      const parsed = new URL(url, base);
      expected = PARTS.map((part) => parsed[part]);
    } catch {}
    assert.deepEqual(seen[index], expected, `${url} on ${base}`);
  });
});

test("URL setters change as Node's do", () => {
  const changes: readonly (readonly [part: string, value: string])[] = [
    ["protocol", "https"],
    ["protocol", "foo"],
    ["username", "a b"],
    ["password", "p@ss"],
    ["host", "other:99"],
    ["hostname", "[::1]"],
    ["hostname", "bad host"],
    ["port", "8080x"],
    ["port", "80"],
    ["port", ""],
    ["pathname", "x/../y?z"],
    ["search", "a=b c"],
    ["search", ""],
    ["hash", "#f g"],
    ["href", "http://new/"],
  ];
  const seen =
    evaluate(`${JSON.stringify(changes)}.map(([part, value]) => { const u = new URL("http://u:p@h:81/a/b?c#d");
    u[part] = value; return u.href; })`) as unknown[];
  changes.forEach(([part, value], index) => {
    const url = new URL("http://u:p@h:81/a/b?c#d");
    (url as unknown as Record<string, string>)[part] = value;
    assert.equal(seen[index], url.href, `${part} = ${value}`);
  });
  assert.deepEqual(
    evaluate(`(() => { const u = new URL("http://h/?a=1"); u.searchParams.append("b", "2 3"); const first = u.href;
      u.search = "?z=9"; return [first, u.searchParams.get("z"), URL.canParse("x"), URL.parse("http://a").href, JSON.stringify({ u })]; })()`),
    ["http://h/?a=1&b=2+3", "9", false, "http://a/", '{"u":"http://h/?z=9"}'],
  );
});

test("international host names are refused by name", () => {
  assert.match(
    String(evaluate(`(() => { try { new URL("http://ü.de/"); } catch (e) { return e.message; } })()`)),
    /International/,
  );
});
