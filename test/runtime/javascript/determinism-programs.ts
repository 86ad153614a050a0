// Twelve microservices that lean on what engines tend to differ in. Each answers from the request, seed and time alone.

export const PROGRAMS: Readonly<Record<string, string>> = {
  json: `const data = JSON.parse(await request.text()); data.items.sort((a, b) => b.value - a.value || a.name.localeCompare(b.name));
    return Response.json({ data, text: JSON.stringify(data, null, 2).length });`,
  floats: `let sum = 0; const seen = []; for (let i = 1; i < 400; i++) { sum += Math.sin(i) * Math.exp(-i / 50) / Math.sqrt(i) + i ** 0.37;
    if (i % 80 === 0) seen.push(sum.toFixed(17), sum.toString(36), Math.fround(sum), Math.atan2(sum, i), Math.cbrt(sum)); }
    return Response.json([seen, 0.1 + 0.2, 1e21, 5e-324, (123.456).toPrecision(30), Number("1.7976931348623157e308")]);`,
  nan: `const view = new DataView(new ArrayBuffer(16)); const bits = [];
    for (const value of [NaN, -NaN, 0 / 0, Infinity - Infinity, Math.sqrt(-1), Number("x"), NaN * -1]) { view.setFloat64(0, value); view.setFloat32(8, value);
      bits.push(view.getBigUint64(0).toString(16), view.getUint32(8).toString(16)); }
    const floats = new Float64Array([NaN, -NaN]); return Response.json([bits, [...new Uint8Array(floats.buffer)]]);`,
  bigint: `let a = 1n, b = 1n; for (let i = 0; i < 300; i++) [a, b] = [b, a + b];
    return Response.json([a.toString(), (a ** 3n % 1000000007n).toString(), BigInt.asIntN(64, a).toString(16), (-a / 7n).toString()]);`,
  text: `const text = "Straße ΑΒΓ ﬁ İstanbul ñ ñ 👩‍👩‍👧 \\ud800"; return Response.json([text.toUpperCase(), text.toLowerCase(), text.normalize("NFC").length,
    text.normalize("NFKD"), [...text].length, text.split(/\\s+/u), encodeURIComponent("ä€"), escape("ä€"), "b".localeCompare("a"), ["é", "z", "e", "Z"].sort()]);`,
  regexp: `const log = Array.from({ length: 60 }, (_, i) => \`2024-\${i % 12 + 1}-\${i % 28 + 1} host\${i} \${i % 3 ? "GET" : "POST"} /p/\${i * 7}\`).join("\\n");
    const found = [...log.matchAll(/^(?<date>\\d+-\\d+-\\d+) (?<host>\\w+) (?<verb>GET|POST) (?:\\/p\\/)(?<=\\/)(\\d+)$/gmu)].map((m) => m.groups.host + m[4]);
    return Response.json([found.length, found.slice(0, 5), log.replace(/host(\\d)/g, (_, d) => d * 2).length, /\\p{Lu}/u.test("Ä"), "aBc".replace(/b/i, "$&$&")]);`,
  collections: `const map = new Map(), set = new Set(), weak = new WeakMap(); for (let i = 0; i < 500; i++) { const key = { i }; map.set(i % 97 + "k", i); set.add(i * 31 % 101); weak.set(key, i); }
    const object = {}; for (const k of ["b", "2", "a", "10", "1"]) object[k] = k; map.delete("5k"); map.set("5k", 1);
    return Response.json([[...map].slice(-3), [...set].slice(0, 9), Object.keys(object), Object.groupBy([1, 2, 3, 4], (n) => n % 2 ? "odd" : "even")]);`,
  promises: `const order = []; const tick = async (name, turns) => { for (let i = 0; i < turns; i++) { await null; order.push(name + i); } return name; };
    const all = await Promise.all([tick("a", 3), tick("b", 2), Promise.race([tick("c", 1), tick("d", 4)])]);
    const settled = await Promise.allSettled([Promise.reject(new Error("x")), 5]); async function* numbers() { yield 1; yield* [2, 3]; }
    for await (const n of numbers()) order.push(n); return Response.json([order, all, settled.map((s) => s.status)]);`,
  random: `const values = new Uint32Array(16); crypto.getRandomValues(values); return Response.json([[...values], Math.random(), Math.random(), crypto.randomUUID(),
    [...new Uint8Array(await crypto.subtle.digest("SHA-512", values))].slice(0, 8)]);`,
  dates: `const now = new Date(); const dates = [0, -1, 951782400000, 1e12, 8.64e15].map((t) => new Date(t));
    return Response.json([Date.now(), now.toString(), dates.map((d) => [d.toISOString(), d.toString(), d.getDay(), d.toLocaleDateString()]), Date.parse("2024-02-29T12:00:00+05:30"),
      new Date(2024, 1, 30, 25).getTime(), Date.parse("Thu, 01 Jan 1970 00:00:00 GMT")]);`,
  recursion: `const fib = (n) => n < 2 ? n : fib(n - 1) + fib(n - 2); let depth = 0; const dive = (a, b) => { depth++; return dive(b, a) + 1; };
    let error; try { dive(); } catch (caught) { error = caught.name; } let nested = []; for (let i = 0; i < 300; i++) nested = [nested];
    return Response.json([fib(13), error, depth, JSON.stringify(nested).length]);`,
  buffers: `const bytes = new Uint8Array(4096); for (let i = 0; i < bytes.length; i++) bytes[i] = i * i >> 3; const words = new Uint32Array(bytes.buffer); let hash = 2166136261;
    for (const word of words) hash = Math.imul(hash ^ word, 16777619) >>> 0; const copy = bytes.slice(100, 200).sort().reverse(); bytes.copyWithin(0, 2000, 3000);
    return new Response(new Uint8Array([...copy, ...bytes.subarray(0, 50), hash & 255, hash >> 24]));`,
};
