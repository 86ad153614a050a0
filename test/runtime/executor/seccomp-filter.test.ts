import assert from "node:assert/strict";
import { test } from "node:test";
import { seccompFilter } from "#runtime/executor/seccomp-filter.ts";

const ALLOW = 0x7fff0000;
const NOT_PERMITTED = 0x00050001;
const NOT_THERE = 0x00050026;
const KILL = 0x80000000;

/** Interprets a classic BPF program over `struct seccomp_data`, for the four instructions that the filter uses. */
function verdict(program: Buffer, audit: number, number: number, argument = 0): number {
  const data = new Map([
    [0, number],
    [4, audit],
    [16, argument],
  ]);
  let word = 0;
  for (let at = 0; ; ) {
    const [code, ifTrue, ifFalse] = [program.readUInt16LE(at), program.readUInt8(at + 2), program.readUInt8(at + 3)];
    const operand = program.readUInt32LE(at + 4);
    at += 8;
    if (code === 0x06) return operand;
    if (code === 0x20) word = data.get(operand) ?? 0;
    else at += 8 * ((code === 0x15 ? word === operand : (word & operand) !== 0) ? ifTrue : ifFalse);
  }
}

test("the filter allows what is listed, threads but no processes, and nothing else", () => {
  const x64 = seccompFilter("x64");
  const arm64 = seccompFilter("arm64");
  assert.ok(x64 && arm64);
  const cases: readonly (readonly [
    program: Buffer,
    audit: number,
    number: number,
    argument: number,
    expected: number,
  ])[] = [
    [x64, 0xc000003e, 0, 0, ALLOW],
    [x64, 0xc000003e, 59, 0, ALLOW],
    [x64, 0xc000003e, 41, 0, NOT_PERMITTED],
    [x64, 0xc000003e, 62, 0, NOT_PERMITTED],
    [x64, 0xc000003e, 101, 0, NOT_PERMITTED],
    [x64, 0xc000003e, 56, 0x00010000, ALLOW],
    [x64, 0xc000003e, 56, 0x11, NOT_PERMITTED],
    [x64, 0xc000003e, 435, 0, NOT_THERE],
    [x64, 0xc000003e, 0x40000000, 0, NOT_PERMITTED],
    [x64, 0xc00000b7, 0, 0, KILL],
    [arm64, 0xc00000b7, 63, 0, ALLOW],
    [arm64, 0xc00000b7, 198, 0, NOT_PERMITTED],
    [arm64, 0xc00000b7, 0, 0, NOT_PERMITTED],
    [arm64, 0xc00000b7, 220, 0x00010f00, ALLOW],
    [arm64, 0xc00000b7, 220, 0x11, NOT_PERMITTED],
  ];
  for (const [program, audit, number, argument, expected] of cases) {
    assert.equal(verdict(program, audit, number, argument), expected, `call ${number} with ${argument}`);
  }
});

test("an architecture without a table has no filter", () => {
  assert.equal(seccompFilter("riscv64"), undefined);
});
