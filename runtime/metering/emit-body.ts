// Fourth stage of the pass: writes one body again, with the budget charged, carried and checked.

import { FUEL_SHIFT } from "./budget.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { type FunctionPlan, segmentFuel } from "./call-graph.ts";
import { BUDGET_GOOD_CONST, BUDGET_MASK_CONST, CANONICAL_NAN, NO_RESULT, OP } from "./code-bytes.ts";
import { EDIT } from "./edits.ts";
import type { EmitContext } from "./emit-context.ts";
import { SHAPE } from "./instructions.ts";
import { F32, F64, I64, V128 } from "./value-type.ts";

const UNIT = 2 ** FUEL_SHIFT;
const SHAPE_TYPES: Readonly<Record<number, number>> = {
  [SHAPE.f32]: F32,
  [SHAPE.f64]: F64,
  [SHAPE.f32x4]: V128,
  [SHAPE.f64x2]: V128,
};

/** Where a body keeps what the pass adds to its locals. */
interface BodyLocals {
  /** The budget; unused in a constant function. */
  readonly budget: number;
  /** Where the first declared local is now. */
  readonly moved: number;
  /** A temporary for each NaN shape that the body canonicalises. */
  readonly temporaries: ReadonlyMap<number, number>;
}

/** Writes the body, with its size, for the convention of its plan. */
export function emitBody(plan: FunctionPlan, context: EmitContext, writer: ByteWriter): void {
  const start = writer.beginSized();
  new BodyEmitter(plan, context, writer).emit();
  writer.endSized(start);
}

class BodyEmitter {
  readonly #plan: FunctionPlan;
  readonly #context: EmitContext;
  readonly #writer: ByteWriter;
  readonly #source: Uint8Array;
  #locals: BodyLocals;
  #cursor: number;

  constructor(plan: FunctionPlan, context: EmitContext, writer: ByteWriter) {
    this.#plan = plan;
    this.#context = context;
    this.#writer = writer;
    this.#source = context.shape.bytes;
    this.#cursor = plan.scan.codeStart;
    this.#locals = this.#emitLocals();
  }

  emit(): void {
    const { scan, convention } = this.#plan;
    const { edits } = scan;
    const endOffset = scan.reader.end - 1;
    // What goes straight to the function's end must still give the budget back.
    const wrapped = convention !== "constant" && scan.leavesEarly;
    if (convention !== "constant") this.#emitEntry(wrapped);
    for (let edit = scan.firstEdit; edit < scan.endEdit; edit++) {
      if (edits.kind(edit) !== EDIT.none) this.#emitEdit(edit);
    }
    this.#copyTo(endOffset);
    if (wrapped) this.#writer.byte(OP.end);
    if (convention !== "constant") this.#emitExit();
    this.#writer.byte(OP.end);
  }

  #emitLocals(): BodyLocals {
    const { scan, convention } = this.#plan;
    const params = scan.type.params.length;
    const declared = scan.locals.length - params;
    const groups = scan.localGroups.map((group) => ({ ...group }));
    const first = groups[0];
    let next = params + declared;
    let budget = -1;
    let moved = params;
    if (convention === "register") {
      budget = params;
      next++;
      if (first) {
        // The budget, now the last parameter, takes the place of the first declared local.
        moved = params + declared;
        first.count--;
        groups.push({ count: 1, type: first.type });
      }
    } else if (convention === "global") {
      budget = next++;
      groups.push({ count: 1, type: I64 });
    }
    const temporaries = new Map<number, number>();
    for (const shape of this.#canonicalShapes()) {
      temporaries.set(shape, next++);
      groups.push({ count: 1, type: SHAPE_TYPES[shape] ?? V128 });
    }
    this.#writer.u32(groups.length);
    for (const { count, type } of groups) {
      this.#writer.u32(count);
      this.#writer.byte(type);
    }
    return { budget, moved, temporaries };
  }

  #canonicalShapes(): ReadonlySet<number> {
    const { edits, firstEdit, endEdit } = this.#plan.scan;
    const shapes = new Set<number>();
    for (let edit = firstEdit; edit < endEdit; edit++) {
      if (edits.kind(edit) === EDIT.canonical) shapes.add(edits.arg(edit));
    }
    return shapes;
  }

  #emitEntry(wrapped: boolean): void {
    const { entryFuel, frameSlots, checked, convention } = this.#plan;
    if (convention === "register") this.#local(OP.localGet, this.#locals.budget);
    else this.#global(OP.globalGet);
    this.#subtract(entryFuel * UNIT + frameSlots);
    if (!checked) this.#local(OP.localSet, this.#locals.budget);
    else if (frameSlots === 0) this.#checkFuel();
    else {
      this.#local(OP.localTee, this.#locals.budget);
      this.#writer.all(BUDGET_MASK_CONST);
      this.#writer.byte(OP.i64And);
      this.#writer.all(BUDGET_GOOD_CONST);
      this.#writer.byte(OP.i64Ne);
      this.#emitExhausted();
    }
    if (wrapped) {
      this.#writer.byte(OP.block);
      this.#writer.all(this.#context.blockTypeOf(this.#plan.scan.type.results));
    }
  }

  #emitExit(): void {
    this.#local(OP.localGet, this.#locals.budget);
    this.#giveBackDepth();
    if (this.#plan.convention === "global") this.#global(OP.globalSet);
  }

  #giveBackDepth(): void {
    const { frameSlots } = this.#plan;
    if (frameSlots === 0) return;
    this.#writer.byte(OP.i64Const);
    this.#writer.positive(frameSlots);
    this.#writer.byte(OP.i64Add);
  }

  #emitEdit(edit: number): void {
    const { edits } = this.#plan.scan;
    const kind = edits.kind(edit);
    const arg = edits.arg(edit);
    if (this.#leavesAlone(kind, arg)) return;
    this.#copyTo(edits.start(edit));
    const end = edits.end(edit);
    switch (kind) {
      case EDIT.charge:
        this.#emitCharge(arg);
        return;
      case EDIT.canonical:
        this.#emitCanonical(arg);
        return;
      case EDIT.call:
        this.#emitCall(arg);
        break;
      case EDIT.foreignCall:
        this.#aroundForeign(() => this.#copyTo(end));
        break;
      case EDIT.tailCall:
        this.#emitTailCall(arg, edits.extra(edit));
        break;
      case EDIT.foreignTailCall:
        this.#emitExit();
        this.#copyTo(end);
        break;
      case EDIT.return:
        this.#branch(arg);
        break;
      case EDIT.bulk:
        this.#aroundForeign(() => this.#call(OP.call, this.#context.bulkFunctions[arg] as number));
        return;
      case EDIT.grow:
        this.#aroundForeign(() => this.#call(OP.call, this.#context.growFunction));
        break;
      case EDIT.tableGrow:
        this.#aroundForeign(() => this.#call(OP.call, this.#context.tableGrowFunctions.get(arg) as number));
        break;
      case EDIT.drop:
        if (arg === 1) this.#writer.byte(OP.unreachable);
        break;
      default:
        this.#local(arg, this.#locals.moved);
    }
    this.#cursor = end;
  }

  /** Edits that this body's convention, or its callee's, makes unnecessary. */
  #leavesAlone(kind: number, arg: number): boolean {
    const { convention, scan } = this.#plan;
    if (kind === EDIT.charge) return !scan.segments.charged[arg];
    if (kind === EDIT.call) return this.#context.planOf(arg).convention === "constant";
    if (kind === EDIT.return) return convention === "constant";
    if (kind === EDIT.firstLocal) return this.#locals.moved === scan.type.params.length;
    return false;
  }

  #emitCharge(segment: number): void {
    const { segments } = this.#plan.scan;
    const fuel = segmentFuel(this.#plan, segment, this.#context.plans, this.#context.shape.importedFunctions);
    this.#local(OP.localGet, this.#locals.budget);
    this.#subtract(fuel * UNIT);
    if (segments.loops[segment]) this.#checkFuel();
    else this.#local(OP.localSet, this.#locals.budget);
  }

  #emitCanonical(shape: number): void {
    const temporary = this.#locals.temporaries.get(shape) as number;
    const code = CANONICAL_NAN[shape];
    if (!code) return;
    this.#local(OP.localTee, temporary);
    this.#writer.all(code.constant);
    this.#local(OP.localGet, temporary);
    this.#local(OP.localGet, temporary);
    this.#writer.all(code.choose);
  }

  #emitCall(callee: number): void {
    if (this.#context.planOf(callee).convention === "global") {
      this.#aroundForeign(() => this.#call(OP.call, callee));
      return;
    }
    this.#local(OP.localGet, this.#locals.budget);
    this.#call(OP.call, this.#context.bodyIndexOf(callee));
    this.#local(OP.localSet, this.#locals.budget);
  }

  #emitTailCall(callee: number, level: number): void {
    const { convention } = this.#context.planOf(callee);
    if (convention === "constant") {
      // Its type has no budget, so its frame comes on top of ours; it calls nothing that could go on like this.
      this.#call(OP.call, callee);
      this.#branch(level);
      return;
    }
    this.#emitExit();
    const register = this.#plan.convention === "register";
    this.#call(OP.returnCall, register ? this.#context.bodyIndexOf(callee) : callee);
  }

  /** Stores the budget for code that finds it in its global, and loads what that code left. */
  #aroundForeign(emitForeign: () => void): void {
    this.#local(OP.localGet, this.#locals.budget);
    this.#global(OP.globalSet);
    emitForeign();
    this.#global(OP.globalGet);
    this.#local(OP.localSet, this.#locals.budget);
  }

  #subtract(amount: number): void {
    this.#writer.byte(OP.i64Const);
    this.#writer.positive(amount);
    this.#writer.byte(OP.i64Sub);
  }

  /** Takes the new budget from the stack, keeps it, and stops the run when its fuel is below zero. */
  #checkFuel(): void {
    this.#local(OP.localTee, this.#locals.budget);
    this.#writer.all([OP.i64Const, 0, OP.i64LtS]);
    this.#emitExhausted();
  }

  #emitExhausted(): void {
    this.#writer.all([OP.if, NO_RESULT]);
    this.#local(OP.localGet, this.#locals.budget);
    this.#global(OP.globalSet);
    this.#writer.all([OP.unreachable, OP.end]);
  }

  #branch(level: number): void {
    this.#writer.byte(OP.br);
    this.#writer.u32(level);
  }

  #call(opcode: number, index: number): void {
    this.#writer.byte(opcode);
    this.#writer.u32(index);
  }

  #local(opcode: number, index: number): void {
    this.#writer.byte(opcode);
    this.#writer.u32(index);
  }

  #global(opcode: number): void {
    this.#writer.byte(opcode);
    this.#writer.u32(this.#context.budgetGlobal);
  }

  #copyTo(offset: number): void {
    this.#writer.copy(this.#source, this.#cursor, offset);
    if (offset > this.#cursor) this.#cursor = offset;
  }
}
