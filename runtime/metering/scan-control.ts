// Scans control instructions: their typing rules, where segments begin, and which code can never run.
import type { BodyScan, Frame } from "./body-scan.ts";
import { HOST_CALL_FUEL } from "./cost-model.ts";
import { EDIT } from "./edits.ts";
import { MODULE_LIMITS } from "./limits.ts";
import { invalid, malformed, refused } from "./module-error.ts";
import { readValueType } from "./read-types.ts";
import { FUNCREF, type FunctionType, I32, sameTypes } from "./value-type.ts";

const NO_TYPES: readonly number[] = [];

export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;

export function scanBlock(scan: BodyScan, opcode: number): void {
  const type = readBlockType(scan);
  if (opcode === IF) scan.take(I32);
  scan.takeAll(type.params);
  const frame = scan.enter(opcode, type.params, type.results);
  scan.pushAll(type.params);
  if (opcode === LOOP && ++scan.loops > MODULE_LIMITS.bodyLoops) {
    throw refused(
      scan.reader.position,
      `function has more than ${MODULE_LIMITS.bodyLoops} loops`,
      "Split the function.",
    );
  }
  if (opcode === BLOCK) scan.segments.enterBlock(frame);
  else if (opcode === LOOP) {
    scan.segments.enterLoop(frame, scan.reader.position);
    scan.counted.enterLoop(frame);
  } else scan.segments.enterIf(frame, scan.reader.position);
}

function readBlockType(scan: BodyScan): FunctionType {
  const { reader } = scan;
  const next = reader.peek();
  if (next === 0x40) {
    reader.position++;
    return { params: NO_TYPES, results: NO_TYPES };
  }
  // A single byte with bit 6 set is a negative number: a value type.
  if (next >= 0x40 && next < 0x80) return { params: NO_TYPES, results: [readValueType(reader)] };
  const offset = reader.position;
  const index = reader.s33();
  const type = scan.shape.types[index];
  if (!type) throw index < 0 ? malformed(offset, "malformed block type") : invalid(offset, `unknown type ${index}`);
  return type;
}

export function scanElse(scan: BodyScan, offset: number): void {
  const { frame } = scan;
  if (frame.opcode !== IF || frame.hasElse) throw malformed(offset, "END opcode expected: else without if");
  requireResults(scan, frame, offset);
  frame.hasElse = true;
  frame.polymorphic = false;
  scan.counted.join();
  if (!frame.deadAtEntry) {
    // The end of the if is joined by the then arm when its end can be reached.
    if (!scan.dead) frame.targeted = true;
    scan.revive(offset);
    scan.segments.enterElse(frame, scan.reader.position);
  }
  scan.height = frame.height;
  scan.pushAll(frame.params);
}

/** Returns whether this was the end of the body. */
export function scanEnd(scan: BodyScan, offset: number): boolean {
  const { frame } = scan;
  requireResults(scan, frame, offset);
  if (frame.opcode === IF && !frame.hasElse && !sameTypes(frame.params, frame.results)) {
    throw invalid(offset, "type mismatch: an if without else must give back what it takes");
  }
  const level = scan.depth - 1;
  scan.leave();
  scan.height = frame.height;
  if (frame.opcode === LOOP) countTurns(scan, frame, level, offset);
  scan.counted.join();
  if (!frame.deadAtEntry) leaveLive(scan, frame, level, offset);
  if (level === 0) return true;
  const outer = scan.frame;
  outer.outermostTarget = Math.min(outer.outermostTarget, frame.outermostTarget);
  outer.hasSwitch ||= frame.hasSwitch;
  scan.pushAll(frame.results);
  return false;
}

function countTurns(scan: BodyScan, frame: Frame, level: number, offset: number): void {
  const turns = scan.counted.leaveLoop(frame, level, offset);
  if (turns > 0 && !scan.dead && scan.segments.chargeTurns(frame, turns)) scan.hasCountedLoops = true;
}

function leaveLive(scan: BodyScan, frame: Frame, level: number, offset: number): void {
  const after = scan.reader.position;
  const fallsThrough = !scan.dead;
  scan.revive(offset);
  const joined = frame.opcode !== LOOP && (frame.targeted || (frame.opcode === IF && !frame.hasElse));
  const reachable = fallsThrough || joined;
  // A block that no branch ends is no more than its instructions; the function's own end needs no segment.
  if (level > 0 && (joined || frame.opcode !== BLOCK)) {
    scan.segments.leave(frame, after, reachable, frame.outermostTarget < level, frame.hasSwitch);
  }
  if (!reachable) scan.die(false);
}

function requireResults(scan: BodyScan, frame: Frame, offset: number): void {
  scan.takeAll(frame.results);
  if (scan.height !== frame.height) throw invalid(offset, "type mismatch: values remain on the stack");
}

export function scanBranch(scan: BodyScan): void {
  const frame = target(scan, scan.reader.u32());
  scan.takeAll(labelTypes(frame));
  scan.die(true);
}

export function scanBranchIf(scan: BodyScan, offset: number): void {
  const level = scan.reader.u32();
  scan.take(I32);
  const frame = target(scan, level);
  if (level === 0 && !scan.dead) scan.counted.branchIf(frame, offset, scan.reader.position);
  const types = labelTypes(frame);
  scan.takeAll(types);
  scan.pushAll(types);
  if (!scan.dead) scan.segments.split(scan.reader.position);
}

export function scanBranchTable(scan: BodyScan): void {
  const { reader } = scan;
  const offset = reader.position;
  const count = reader.u32();
  if (count > reader.end - reader.position) throw malformed(offset, "unexpected end of branch table");
  if (count > MODULE_LIMITS.branchTableTargets) throw refused(offset, `branch table of ${count} targets`);
  const levels = new Set<number>();
  for (let index = 0; index < count; index++) levels.add(reader.u32());
  if (count > 0 && !scan.dead) scan.frame.hasSwitch = true;
  const last = reader.u32();
  scan.take(I32);
  const arity = labelTypes(target(scan, last)).length;
  for (const level of levels) {
    const types = labelTypes(target(scan, level));
    if (types.length !== arity) throw invalid(offset, "type mismatch: branch table targets differ");
    checkTop(scan, types);
  }
  scan.takeAll(labelTypes(scan.frameAt(last)));
  scan.die(true);
}

/** Pops and pushes back what it popped, so that unknown operands stay unknown for the next label. */
function checkTop(scan: BodyScan, types: readonly number[]): void {
  const { height } = scan;
  const base = Math.max(scan.frame.height, height - types.length);
  const kept = scan.types.slice(base, height);
  const sites = scan.sites.slice(base, height);
  scan.takeAll(types);
  scan.height = height;
  scan.types.set(kept, base);
  scan.sites.set(sites, base);
}

export function scanReturn(scan: BodyScan, offset: number): void {
  scan.takeAll(scan.type.results);
  leaveFunction(scan);
  if (!scan.dead) {
    scan.leavesEarly = true;
    scan.edit(EDIT.return, offset, scan.reader.position, scan.depth - 1);
  }
  scan.die(true);
}

export function scanCall(scan: BodyScan, offset: number, tail: boolean): void {
  const callee = scan.reader.u32();
  const type = scan.shape.types[scan.shape.functions[callee] ?? -1];
  if (!type) throw invalid(offset, `unknown function ${callee}`);
  finishCall(scan, type, tail);
  if (scan.dead) return;
  const end = scan.reader.position;
  if (callee < scan.shape.importedFunctions) {
    scan.segments.pending += HOST_CALL_FUEL;
    foreignCall(scan, offset, end, tail);
  } else if (tail) {
    scan.segments.call(callee);
    scan.tailCallees.push(callee);
    scan.leavesEarly = true;
    scan.edit(EDIT.tailCall, offset, end, callee, scan.depth - 1);
  } else {
    scan.segments.call(callee);
    scan.callees.push(callee);
    scan.edit(EDIT.call, offset, end, callee);
  }
  if (tail) scan.die(true);
}

export function scanCallIndirect(scan: BodyScan, offset: number, tail: boolean): void {
  const typeIndex = scan.reader.u32();
  const table = scan.reader.u32();
  const type = scan.shape.types[typeIndex];
  if (!type) throw invalid(offset, `unknown type ${typeIndex}`);
  if (!scan.shape.tables[table]) throw invalid(offset, `unknown table ${table}`);
  if (scan.shape.tables[table]?.element !== FUNCREF)
    throw invalid(offset, "type mismatch: table of functions expected");
  scan.take(I32);
  finishCall(scan, type, tail);
  if (scan.dead) return;
  foreignCall(scan, offset, scan.reader.position, tail);
  if (tail) scan.die(true);
}

function finishCall(scan: BodyScan, type: FunctionType, tail: boolean): void {
  scan.counted.disturb();
  scan.takeAll(type.params);
  if (!tail) {
    scan.pushAll(type.results);
    return;
  }
  if (!sameTypes(type.results, scan.type.results)) throw invalid(scan.reader.position, "type mismatch in a tail call");
  leaveFunction(scan);
  if (scan.dead) scan.die(true);
}

function foreignCall(scan: BodyScan, offset: number, end: number, tail: boolean): void {
  if (tail) scan.tailCallsForeign = true;
  else scan.callsForeign = true;
  scan.edits.add(tail ? EDIT.foreignTailCall : EDIT.foreignCall, offset, end, 0);
}

function target(scan: BodyScan, level: number): Frame {
  const frame = scan.frameAt(level);
  if (scan.dead) return frame;
  frame.targeted = true;
  scan.frame.outermostTarget = Math.min(scan.frame.outermostTarget, scan.depth - 1 - level);
  scan.counted.branch(frame);
  return frame;
}

function leaveFunction(scan: BodyScan): void {
  if (!scan.dead) scan.frame.outermostTarget = 0;
}

function labelTypes(frame: Frame): readonly number[] {
  return frame.opcode === LOOP ? frame.params : frame.results;
}
