// The state of one body's scan: its operand stack, its open constructs, and what the later stages need to know of it.
import { ByteReader } from "./byte-reader.ts";
import { CountedLoops } from "./counted-loops.ts";
import { EDIT, Edits } from "./edits.ts";
import { MODULE_LIMITS } from "./limits.ts";
import { invalid, refused } from "./module-error.ts";
import type { ByteRange, ModuleShape } from "./module-shape.ts";
import { FIXED, NanFlow } from "./nan-flow.ts";
import { type SegmentFrame, Segments } from "./segments.ts";
import { BOTTOM, type FunctionType, typeName } from "./value-type.ts";

const NO_TYPES: readonly number[] = [];
/** Fewer operands at once are as cheap as the instruction that moves them. */
const MANY_OPERANDS = 8;

/** An open block, loop, if, or the function itself. */
export class Frame implements SegmentFrame {
  opcode = 0;
  params: readonly number[] = NO_TYPES;
  results: readonly number[] = NO_TYPES;
  height = 0;
  /** By the typing rules: the rest of the construct may pop anything. */
  polymorphic = false;
  /** By the flow of control: the construct begins in code that is never run. */
  deadAtEntry = false;
  /** A branch goes to its end (to its start, for a loop). */
  targeted = false;
  /** A branch table lies inside: its end is an arm, or a tail that arms share. */
  hasSwitch = false;
  /** Outermost frame that a branch inside goes to. */
  outermostTarget = 0;
  hasElse = false;
  outer = -1;
  openBase = 0;
  thenMerged = 0;
}

export interface LocalGroup {
  readonly count: number;
  readonly type: number;
}

/** What the scans of all bodies share: the module, what they find, and room to work in. */
export class ModuleScan {
  readonly shape: ModuleShape;
  /** Fuel of one load or store. */
  readonly accessFuel: number;
  readonly edits = new Edits();
  readonly segments = new Segments(this.edits);
  readonly nan = new NanFlow(this.edits);
  readonly counted: CountedLoops;
  readonly frames: Frame[] = [];
  types = new Uint8Array(256);
  sites = new Int32Array(256);
  locals = 0;
  #movedOperands = 0;

  constructor(shape: ModuleShape, accessFuel: number) {
    this.shape = shape;
    this.counted = new CountedLoops(shape.bytes);
    this.accessFuel = accessFuel;
  }

  /** @throws `module-refused` when the module has too many locals */
  countLocals(count: number, offset: number): void {
    this.locals += count;
    if (this.locals <= MODULE_LIMITS.moduleLocals) return;
    throw refused(offset, `more than ${MODULE_LIMITS.moduleLocals} parameters and locals in the module`);
  }

  /** @throws `module-refused` when checking the module would take too long */
  countMoved(operands: number, offset: number): void {
    this.#movedOperands += operands;
    if (this.#movedOperands <= MODULE_LIMITS.movedOperands) return;
    throw refused(offset, `calls and branches move more than ${MODULE_LIMITS.movedOperands} operands`);
  }
}

export class BodyScan {
  readonly module: ModuleScan;
  readonly shape: ModuleShape;
  readonly reader: ByteReader;
  readonly type: FunctionType;
  /** Types of parameters and locals. */
  readonly locals: number[];
  readonly edits: Edits;
  readonly segments: Segments;
  readonly nan: NanFlow;
  readonly counted: CountedLoops;
  readonly frames: Frame[];
  /** Numbers of this body's edits: from the first up to, not with, the end. */
  readonly firstEdit: number;
  endEdit = 0;
  /** Number of the segment that is charged at the function's entry. */
  readonly entrySegment: number;
  /** Whether no other segment is charged: every run costs the same. */
  isSingleSegment = false;
  depth = 0;
  types: Uint8Array;
  sites: Int32Array;
  height = 0;
  maxHeight = 0;
  /** Control cannot get here. */
  dead = false;
  deadSince = 0;
  /** The code before `deadSince` does not itself tell the validator that it never goes on. */
  deadByFlow = false;

  readonly callees: number[] = [];
  readonly tailCallees: number[] = [];
  callsForeign = false;
  tailCallsForeign = false;
  loops = 0;
  /** Some loop inside is charged for all its turns at once, and does not check the budget. */
  hasCountedLoops = false;
  /** Instructions whose charge depends on a length, or that use a table or memory growth. */
  chargesByLength = false;
  changesTables = false;
  /** data.drop or elem.drop: an instance that ran cannot be brought back to its start. */
  dropsSegments = false;
  /** Something inside goes straight to the function's end: a return, a branch, or a tail call that becomes one. */
  leavesEarly = false;
  usesVectors = false;
  /** Declared locals as written, and where the code begins. */
  readonly localGroups: LocalGroup[] = [];
  codeStart = 0;

  constructor(module: ModuleScan, body: ByteRange, type: FunctionType) {
    this.module = module;
    this.shape = module.shape;
    this.reader = new ByteReader(module.shape.bytes, body.start, body.end);
    this.type = type;
    this.locals = [...type.params];
    this.edits = module.edits;
    this.segments = module.segments;
    this.nan = module.nan;
    this.counted = module.counted;
    this.counted.enterFunction();
    this.frames = module.frames;
    this.types = module.types;
    this.sites = module.sites;
    this.firstEdit = this.edits.length;
    this.entrySegment = this.segments.enterFunction();
  }

  /** Settles what could only be known at the body's end. */
  finish(): void {
    this.isSingleSegment = this.segments.finish(this.entrySegment);
    this.nan.finish();
    this.endEdit = this.edits.length;
    this.leavesEarly ||= this.frames[0]?.targeted === true;
  }

  push(type: number, site: number = FIXED): void {
    if (this.height === this.types.length) this.#grow();
    this.types[this.height] = type;
    this.sites[this.height++] = site;
    if (this.height > this.maxHeight) this.maxHeight = this.height;
  }

  pushAll(types: readonly number[]): void {
    if (types.length >= MANY_OPERANDS) this.module.countMoved(types.length, this.reader.position);
    for (const type of types) this.push(type);
  }

  /** Pops an operand of the type and returns its NaN site, leaving it to the caller whether its bits are used. */
  pop(expected: number): number {
    const top = this.height - 1;
    if (this.types[top] === expected && top >= this.frame.height) {
      this.height = top;
      return this.sites[top] as number;
    }
    return this.#popUnlike(expected);
  }

  /** Pops any operand; its type is `BOTTOM` in polymorphic code. */
  popAny(): number {
    if (this.height > this.frame.height) return this.types[--this.height] as number;
    if (this.frame.polymorphic) return BOTTOM;
    throw invalid(this.reader.position, "type mismatch: the stack is empty");
  }

  /** Pops an operand whose bits are used. */
  take(expected: number): void {
    const site = this.pop(expected);
    if (site >= 0) this.nan.use(site);
  }

  takeAll(types: readonly number[]): void {
    if (types.length >= MANY_OPERANDS) this.module.countMoved(types.length, this.reader.position);
    for (let index = types.length - 1; index >= 0; index--) this.take(types[index] as number);
  }

  /** The innermost frame, kept at hand because every pop asks for its height. */
  frame: Frame = new Frame();

  /** The frame `level` levels out, as branches name it. */
  frameAt(level: number): Frame {
    if (level >= this.depth) throw invalid(this.reader.position, `unknown label ${level}`);
    return this.frames[this.depth - 1 - level] as Frame;
  }

  enter(opcode: number, params: readonly number[], results: readonly number[]): Frame {
    if (this.depth >= MODULE_LIMITS.bodyNesting) {
      throw refused(this.reader.position, `nesting is deeper than ${MODULE_LIMITS.bodyNesting}`, "Split the function.");
    }
    let frame = this.frames[this.depth];
    if (!frame) {
      frame = new Frame();
      this.frames.push(frame);
    }
    frame.opcode = opcode;
    frame.params = params;
    frame.results = results;
    frame.height = this.height;
    frame.polymorphic = false;
    frame.deadAtEntry = this.dead;
    frame.targeted = false;
    frame.hasSwitch = false;
    frame.hasElse = false;
    frame.outermostTarget = this.depth;
    this.depth++;
    this.frame = frame;
    return frame;
  }

  leave(): void {
    this.depth--;
    if (this.depth > 0) this.frame = this.frames[this.depth - 1] as Frame;
  }

  /** Notes an edit, unless the place can never be reached. */
  edit(kind: number, start: number, end: number, arg: number, extra = 0): void {
    if (!this.dead) this.edits.add(kind, start, end, arg, extra);
  }

  /** The rest of the construct is never run: `polymorphic` when the typing rules know it too. */
  die(polymorphic: boolean): void {
    if (polymorphic) {
      this.height = this.frame.height;
      this.frame.polymorphic = true;
    }
    if (this.dead) return;
    this.dead = true;
    this.deadSince = this.reader.position;
    this.deadByFlow = !polymorphic;
    this.segments.stop();
  }

  /** Control gets to `offset` again: the code since `deadSince` is left out. */
  revive(offset: number): void {
    if (!this.dead) return;
    this.dead = false;
    if (offset > this.deadSince) this.edits.add(EDIT.drop, this.deadSince, offset, this.deadByFlow ? 1 : 0);
  }

  #popUnlike(expected: number): number {
    const actual = this.popAny();
    if (actual === BOTTOM || expected === BOTTOM) return FIXED;
    if (actual === expected) return this.sites[this.height] as number;
    throw invalid(this.reader.position, `type mismatch: expected ${typeName(expected)}, found ${typeName(actual)}`);
  }

  #grow(): void {
    const types = new Uint8Array(this.types.length * 2);
    types.set(this.types);
    const sites = new Int32Array(this.sites.length * 2);
    sites.set(this.sites);
    this.types = types;
    this.sites = sites;
    this.module.types = types;
    this.module.sites = sites;
  }
}
