// Third stage of the pass: decides, over all functions, how each one carries the budget and which ones count call depth.
//
// Conventions. A `constant` function always costs the same; its calls are charged by the caller and it knows no budget.
// A `register` function takes the budget as an additional last parameter and gives it back as an additional last result,
// so that it stays in a machine register. A `global` function keeps its type and loads and stores the budget itself: it
// tail-calls through a table or an import, where the callee's type cannot change.
//
// Depth. Functions that close a cycle of direct calls, or that a table can reach, are counted: they take the slots of
// their frame from the depth while they run, and those of the longest chain of uncounted functions that leads from them
// to the next counted one. Chains are kept short, so that the native stack is bounded by the slots and little more.
import type { BodyScan } from "./body-scan.ts";
import { CONSTANT_FUNCTION_FUEL } from "./cost-model.ts";
import type { ModuleShape } from "./module-shape.ts";
import { slotsOf } from "./value-type.ts";

export type Convention = "constant" | "register" | "global";

export interface FunctionPlan {
  readonly scan: BodyScan;
  convention: Convention;
  /** Fuel of a call of a constant function; otherwise the fuel charged at the function's entry. */
  entryFuel: number;
  /** Slots taken from the depth while the function runs; 0 when it is not counted. */
  frameSlots: number;
  /** Whether its entry checks the budget. */
  checked: boolean;
  /** A second function of the original type and index, for those who cannot pass the budget. */
  trampoline: boolean;
}

/** Slots of any frame besides its values: return address, frame pointer and the engine's own words. */
const FRAME_FIXED_SLOTS = 8;
/** A chain of uncounted functions that calls another may use this much before one of them is made to count. */
const UNCOUNTED_SLOTS_MAX = 48;
/** A frame this large counts even when it calls nothing. */
const UNCOUNTED_LEAF_SLOTS_MAX = 1_024;
/** A body at least this long, or with a loop that does not check, checks the budget on entry even if it calls nothing. */
const UNCHECKED_BODY_BYTES = 256;

export function planFunctions(shape: ModuleShape, scans: readonly BodyScan[]): FunctionPlan[] {
  const plans = scans.map((scan) => newPlan(scan));
  const imported = shape.importedFunctions;
  const callable = reachableThroughTables(shape);
  const order = calleesFirst(scans, imported);
  const counted = new Set(order.recursive);
  for (const index of callable) if (index >= imported) counted.add(index - imported);
  const transitSlots = new Float64Array(plans.length);
  for (const index of order.finished) {
    const plan = plans[index] as FunctionPlan;
    planOne(plan, index, { shape, plans, counted, transitSlots });
  }
  spreadGlobal(plans, imported);
  for (const [index, plan] of plans.entries()) {
    if (plan.convention === "register" && shape.referenced.has(index + imported)) plan.trampoline = true;
    if (plan.convention === "global") requireTrampolines(plan, plans, imported);
  }
  return plans;
}

interface Planning {
  readonly shape: ModuleShape;
  readonly plans: readonly FunctionPlan[];
  readonly counted: Set<number>;
  /**
   * Slots of the longest chain of uncounted functions from each one to a counted one or through a table, itself
   * included; 0 for functions that are counted or reach none.
   */
  readonly transitSlots: Float64Array;
}

function newPlan(scan: BodyScan): FunctionPlan {
  return { scan, convention: "register", entryFuel: 0, frameSlots: 0, checked: true, trampoline: false };
}

/** Callees are planned before their callers, except along calls that close a cycle. */
function planOne(plan: FunctionPlan, index: number, planning: Planning): void {
  const { shape, plans, counted } = planning;
  const { scan } = plan;
  planDepth(plan, index, planning);
  const leaf = scan.callees.length === 0 && scan.tailCallees.length === 0 && !scan.callsForeign;
  const long = scan.hasCountedLoops || scan.reader.end - scan.codeStart >= UNCHECKED_BODY_BYTES;
  plan.checked = counted.has(index) || !leaf || long;
  plan.entryFuel = segmentFuel(plan, scan.entrySegment, plans, shape.importedFunctions);
  if (!counted.has(index) && isConstant(plan, index, planning)) plan.convention = "constant";
}

function planDepth(plan: FunctionPlan, index: number, planning: Planning): void {
  const { shape, counted, transitSlots } = planning;
  const { scan } = plan;
  const slots = frameSlotsOf(scan);
  let transit = 0;
  let leadsOn = scan.callsForeign || scan.tailCallsForeign;
  for (const callees of [scan.callees, scan.tailCallees]) {
    for (const callee of callees) {
      const below = transitSlots[callee - shape.importedFunctions] as number;
      leadsOn ||= below > 0 || counted.has(callee - shape.importedFunctions);
      transit = Math.max(transit, below);
    }
  }
  if (slots + (leadsOn ? transit : 0) > (leadsOn ? UNCOUNTED_SLOTS_MAX : UNCOUNTED_LEAF_SLOTS_MAX)) counted.add(index);
  if (counted.has(index)) plan.frameSlots = slots + transit;
  else if (leadsOn) transitSlots[index] = slots + transit;
}

function isConstant(plan: FunctionPlan, index: number, { shape, plans }: Planning): boolean {
  const { scan } = plan;
  if (scan.loops > 0 || scan.callsForeign || scan.tailCallsForeign || scan.chargesByLength) return false;
  if (scan.tailCallees.length > 0 || shape.referenced.has(index + shape.importedFunctions)) return false;
  if (plan.entryFuel > CONSTANT_FUNCTION_FUEL || !scan.isSingleSegment) return false;
  return scan.callees.every((callee) => plans[callee - shape.importedFunctions]?.convention === "constant");
}

/** Fuel of a segment with the constant functions that it calls. */
export function segmentFuel(
  plan: FunctionPlan,
  segment: number,
  plans: readonly FunctionPlan[],
  imported: number,
): number {
  const { segments } = plan.scan;
  let fuel = segments.fuel[segment] as number;
  for (const callee of segments.callees[segment] ?? []) {
    const called = plans[callee - imported];
    if (called?.convention === "constant") fuel += called.entryFuel;
  }
  return fuel;
}

function frameSlotsOf(scan: BodyScan): number {
  const locals = scan.locals.reduce((sum, type) => sum + slotsOf(type), 0);
  return FRAME_FIXED_SLOTS + locals + scan.maxHeight * (scan.usesVectors ? 2 : 1);
}

/** Where others can fill our tables, every function that has left the module may come back through them. */
function reachableThroughTables(shape: ModuleShape): ReadonlySet<number> {
  const open = shape.importedTables > 0 || shape.exports.some(({ kind }) => kind === "table");
  return open ? shape.referenced : shape.inTables;
}

interface CallOrder {
  /** Every function after its callees, except along calls that close a cycle. */
  readonly finished: number[];
  /** Functions that some call closing a cycle goes to. */
  readonly recursive: Set<number>;
}

/** Depth-first search without recursion: a call chain may be as long as the module. */
function calleesFirst(scans: readonly BodyScan[], imported: number): CallOrder {
  const finished: number[] = [];
  const recursive = new Set<number>();
  const state = new Uint8Array(scans.length);
  const next = new Uint32Array(scans.length);
  const path: number[] = [];
  for (let root = 0; root < scans.length; root++) {
    if (state[root] !== 0) continue;
    path.push(root);
    state[root] = 1;
    while (path.length > 0) {
      const at = path.at(-1) as number;
      const callee = nextCallee(scans[at] as BodyScan, next[at] as number);
      next[at] = (next[at] as number) + 1;
      if (callee === undefined) {
        state[at] = 2;
        finished.push(at);
        path.pop();
      } else if (state[callee - imported] === 0) {
        state[callee - imported] = 1;
        path.push(callee - imported);
      } else if (state[callee - imported] === 1) recursive.add(callee - imported);
    }
  }
  return { finished, recursive };
}

function nextCallee({ callees, tailCallees }: BodyScan, place: number): number | undefined {
  return place < callees.length ? callees[place] : tailCallees[place - callees.length];
}

/** A function that tail-calls a global one must be global itself: both must have the same results. */
function spreadGlobal(plans: readonly FunctionPlan[], imported: number): void {
  const tailCallers = new Map<number, number[]>();
  for (const [index, { scan }] of plans.entries()) {
    for (const callee of scan.tailCallees) {
      const callers = tailCallers.get(callee - imported);
      if (callers) callers.push(index);
      else tailCallers.set(callee - imported, [index]);
    }
  }
  const queue = [...plans.keys()].filter((index) => plans[index]?.scan.tailCallsForeign);
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    const plan = plans[index];
    if (!plan || plan.convention === "global") continue;
    plan.convention = "global";
    for (const caller of tailCallers.get(index) ?? []) queue.push(caller);
  }
}

function requireTrampolines({ scan }: FunctionPlan, plans: readonly FunctionPlan[], imported: number): void {
  for (const callee of scan.tailCallees) {
    const plan = plans[callee - imported];
    if (plan?.convention === "register") plan.trampoline = true;
  }
}
