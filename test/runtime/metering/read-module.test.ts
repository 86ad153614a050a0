import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { assemble } from "./assemble.ts";
import { Fuzzer, seededBytes } from "./fuzz-modules.ts";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const EMPTY_FUNCTION = [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];

function outcomeOf(bytes: Uint8Array): string {
  try {
    meterModule(bytes);
    return "accepted";
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.code}: ${error.context.reason}`;
    throw error;
  }
}

const REFUSED: readonly (readonly [name: string, bytes: readonly number[], outcome: RegExp])[] = [
  ["an empty file", [], /malformed: unexpected end/],
  ["another file", [0x7f, 0x45, 0x4c, 0x46, 1, 0, 0, 0], /malformed: magic header/],
  ["another version", [0, 0x61, 0x73, 0x6d, 2, 0, 0, 0], /malformed: unknown binary version/],
  ["a component", [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0], /refused: a component/],
  ["a cut section", [...HEADER, 1, 5, 1], /malformed: unexpected end/],
  ["sections out of order", [...HEADER, 3, 1, 0, 1, 1, 0], /malformed: .*order of sections/],
  ["an unknown section", [...HEADER, 14, 1, 0], /malformed: malformed section id/],
  ["an exception tag section", [...HEADER, 13, 1, 0], /refused: exception tags/],
  ["a section with a rest", [...HEADER, 1, 2, 0, 0], /malformed: section size mismatch/],
  ["a number that is too long", [...HEADER, 1, 7, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0], /malformed: .*too long/],
  ["a number that is too large", [...HEADER, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x7f], /malformed: .*too large/],
  ["a million types in five bytes", [...HEADER, 1, 4, 0xff, 0xff, 0x3f, 0x60], /malformed: .*out of bounds/],
  ["functions without code", [...HEADER, ...EMPTY_FUNCTION], /malformed: .*inconsistent lengths/],
  ["a shared memory", [...HEADER, 5, 4, 1, 3, 1, 1], /refused: shared memories/],
  ["a 64-bit memory", [...HEADER, 5, 3, 1, 4, 1], /refused: 64-bit/],
  ["two memories", [...HEADER, 5, 5, 2, 0, 1, 0, 1], /refused: 2 entries in section 5/],
  ["a memory above 4 GiB", [...HEADER, 5, 5, 1, 0, 0x81, 0x80, 4], /invalid: memory size/],
  ["a table bomb", [...HEADER, 4, 7, 1, 0x70, 0, 0xff, 0xff, 0xff, 0x7f], /refused: table of/],
  ["a name that is not UTF-8", [...HEADER, 0, 2, 1, 0xff], /malformed: malformed UTF-8/],
  ["a GC type", [...HEADER, 1, 3, 1, 0x5f, 0], /refused: typed references and GC/],
];

for (const [name, bytes, expected] of REFUSED) {
  test(`${name} is refused for that reason`, () => assert.match(outcomeOf(Uint8Array.from(bytes)), expected));
}

test("names of the pass cannot be taken", () => {
  const exported = assemble('(module (func (export "~budget")))');
  const imported = assemble('(module (import "~" "memory" (func)))');
  assert.match(outcomeOf(exported), /refused: export name "~budget" is reserved/);
  assert.equal(outcomeOf(assemble('(module (func (export "~!@#$%")) (func (export "~grow")))')), "accepted");
  assert.match(outcomeOf(imported), /refused: import module name "~" is reserved/);
});

test("bodies that would keep a compiler busy are refused", () => {
  const loops = assemble(`(module (func ${"(loop)".repeat(501)}))`);
  const long = assemble(`(module (func ${"(drop (i32.const 1000000))".repeat(40_000)}))`);
  assert.match(outcomeOf(loops), /more than 500 loops/);
  assert.match(outcomeOf(long), /exceeds the limit/);
  assert.match(outcomeOf(nested(2_001)), /nesting is deeper than 2000/);
  assert.equal(outcomeOf(nested(1_999)), "accepted");
});

test("a few bytes cannot make the pass work for long or take much memory", () => {
  const locals = assemble(`(module ${`(func (local ${"i32 ".repeat(30_000)}))`.repeat(70)})`);
  assert.match(outcomeOf(locals), /more than 2000000 parameters and locals/);
  assert.match(outcomeOf(wideCalls()), /move more than 20000000 operands/);
});

/** A function of 900 parameters and results that calls itself again and again: two bytes for each call. */
function wideCalls(): Uint8Array {
  const types = new Array<number>(900).fill(0x7f);
  const type = [1, 0x60, 0x84, 7, ...types, 0x84, 7, ...types];
  const gets = types.flatMap((_, index) => (index < 128 ? [0x20, index] : [0x20, (index & 0x7f) | 0x80, index >> 7]));
  const body = [0, ...gets, ...new Array<number[]>(15_000).fill([0x10, 0]).flat(), 0x0b];
  const sized = (content: readonly number[]) => [
    ...[(content.length & 0x7f) | 0x80, ((content.length >> 7) & 0x7f) | 0x80, content.length >> 14],
    ...content,
  ];
  return Uint8Array.from([...HEADER, 1, ...sized(type), 3, 2, 1, 0, 10, ...sized([1, ...sized(body)])]);
}

function nested(depth: number): Uint8Array {
  const body = [0, ...new Array<number[]>(depth).fill([0x02, 0x40]).flat(), ...new Array<number>(depth + 1).fill(0x0b)];
  const size = body.length;
  const code = [1, (size & 0x7f) | 0x80, size >> 7, ...body];
  const section = [10, (code.length & 0x7f) | 0x80, code.length >> 7, ...code];
  return Uint8Array.from([...HEADER, ...EMPTY_FUNCTION, ...section]);
}

test("damaged modules by the thousand are judged as the engine judges them", async () => {
  using fuzzer = await Fuzzer.load();
  const counts = { accepted: 0, rejected: 0, refused: 0 };
  for (let seed = 0; seed < 10; seed++) {
    const module = fuzzer.make(seed, 200 + ((seed * 977) % 3_000), true);
    for (let damage = 0; damage < 200; damage++) {
      const bytes = damaged(module, seed * 1_000 + damage);
      const outcome = outcomeOf(bytes);
      const valid = WebAssembly.validate(bytes);
      if (outcome === "accepted") {
        counts.accepted++;
        assert.ok(valid, `seed ${seed}/${damage}: accepted, but the engine refuses it`);
        assert.ok(WebAssembly.validate(Uint8Array.from(meterModule(bytes).bytes)), `seed ${seed}/${damage}`);
      } else if (outcome.startsWith("module-refused")) counts.refused++;
      else {
        counts.rejected++;
        assert.ok(!valid, `seed ${seed}/${damage}: ${outcome}, but the engine accepts it`);
      }
    }
  }
  assert.ok(counts.accepted > 200 && counts.rejected > 1_500, JSON.stringify(counts));
});

/** Cut off, or with up to three bytes changed. */
function damaged(module: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const random = new DataView(Uint8Array.from(seededBytes(seed, 32)).buffer);
  const bytes = Uint8Array.from(module);
  if (random.getUint8(0) < 64) return bytes.slice(0, random.getUint32(4) % bytes.length);
  for (let change = 0; change <= random.getUint8(1) % 3; change++) {
    const at = random.getUint32(8 + change * 4) % bytes.length;
    bytes[at] = random.getUint8(2) < 128 ? random.getUint8(24 + change) : (bytes[at] as number) ^ (1 << (change + 1));
  }
  return bytes;
}
