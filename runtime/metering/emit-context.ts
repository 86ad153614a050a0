// What the emitter must know of the whole module: new types, where bodies and injected functions and globals will be.

import { ByteWriter } from "./byte-writer.ts";
import type { FunctionPlan } from "./call-graph.ts";
import { NO_RESULT } from "./code-bytes.ts";
import type { ModuleShape } from "./module-shape.ts";
import { type FunctionType, I64 } from "./value-type.ts";

export class EmitContext {
  readonly shape: ModuleShape;
  readonly plans: readonly FunctionPlan[];
  /** Types appended after the module's own. */
  readonly addedTypes: FunctionType[] = [];
  /** Functions appended after the module's own: first the bodies of those with a trampoline. */
  readonly movedBodies: FunctionPlan[] = [];
  /** Injected functions that charge for a length of bytes and of table elements. */
  readonly bulkFunctions: readonly number[];
  readonly growFunction: number;
  readonly tableGrowFunctions: ReadonlyMap<number, number>;
  readonly chargeFunction: number;
  readonly budgetGlobal: number;
  readonly pagesGlobal: number;
  readonly faultGlobal: number;
  #typeIndexes = new Map<string, number>();
  #bodyIndexes = new Map<number, number>();

  constructor(shape: ModuleShape, plans: readonly FunctionPlan[]) {
    this.shape = shape;
    this.plans = plans;
    let next = shape.functions.length;
    for (const [index, plan] of plans.entries()) {
      if (!plan.trampoline) continue;
      this.movedBodies.push(plan);
      this.#bodyIndexes.set(index + shape.importedFunctions, next++);
    }
    this.chargeFunction = next++;
    this.bulkFunctions = [next++, next++];
    this.growFunction = shape.memory ? next++ : -1;
    this.tableGrowFunctions = new Map(shape.tables.map((_, table) => [table, next++]));
    this.budgetGlobal = shape.globals.length;
    this.pagesGlobal = this.budgetGlobal + 1;
    this.faultGlobal = this.budgetGlobal + 2;
  }

  planOf(functionIndex: number): FunctionPlan {
    return this.plans[functionIndex - this.shape.importedFunctions] as FunctionPlan;
  }

  /** Index of the function that takes the budget as a parameter. */
  bodyIndexOf(functionIndex: number): number {
    return this.#bodyIndexes.get(functionIndex) ?? functionIndex;
  }

  /** Index of the type; appended when the pass needs one that it has not used yet. */
  typeIndexOf(type: FunctionType): number {
    const key = `${type.params.join()}:${type.results.join()}`;
    let index = this.#typeIndexes.get(key);
    if (index === undefined) {
      index = this.shape.types.length + this.addedTypes.push(type) - 1;
      this.#typeIndexes.set(key, index);
    }
    return index;
  }

  /** The type of a function in the register convention. */
  withBudget(type: FunctionType): number {
    return this.typeIndexOf({ params: [...type.params, I64], results: [...type.results, I64] });
  }

  /** Bytes of the type of a block that takes nothing and gives `results`. */
  blockTypeOf(results: readonly number[]): readonly number[] {
    if (results.length === 0) return [NO_RESULT];
    if (results.length === 1) return [results[0] as number];
    const writer = new ByteWriter(8);
    writer.positive(this.typeIndexOf({ params: [], results }));
    return [...writer.finish()];
  }
}
