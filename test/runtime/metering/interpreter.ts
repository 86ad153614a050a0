// Test instrument: a small interpreter of scalar WebAssembly that adds up the weight of every instruction it executes.
// It is written apart from the pass, to check that nothing executed is left out of what the pass charges.
import {
  BULK_BYTES_PER_FUEL_LOG2,
  FUEL_PER_GROWN_PAGE,
  HOST_CALL_FUEL,
  instructionFuel,
} from "#runtime/metering/cost-model.ts";
import { type DecodedModule, decodeModule, type FunctionType, type Instruction } from "./interpreter-module.ts";
import { OPERATIONS, Trap, type Value } from "./interpreter-operations.ts";

const PAGE = 65_536;

const STEPS_MAX = 3_000_000;
const DEPTH_MAX = 400;

interface Call {
  readonly index: number;
  readonly args: Value[];
}

type Ended = { results: Value[] } | { tail: Call };

interface Label {
  readonly arity: number;
  readonly height: number;
  readonly target: number;
}

/** One function's operands, locals and labels. */
class Activation {
  readonly stack: Value[] = [];
  readonly #locals: Value[];
  readonly #labels: Label[];
  at = 0;

  constructor(code: Instruction[], locals: Value[], arity: number) {
    this.#locals = locals;
    this.#labels = [{ arity, height: 0, target: code.length }];
  }

  /** Returns whether the instruction was one of control. */
  control(instruction: Instruction, typeOf: (encoded: number) => FunctionType): boolean {
    const { name, args, end } = instruction;
    const [first = 0] = args;
    if (name === "unreachable") throw new Trap();
    if (name === "block" || name === "loop" || name === "if") this.#open(instruction, typeOf(first));
    else if (name === "else") this.at = end;
    else if (name === "end") this.#labels.pop();
    else if (name === "br") this.#branch(first);
    else if (name === "br_if") {
      if (this.#pop() !== 0) this.#branch(first);
    } else if (name === "br_table")
      this.#branch(args[Math.min((this.#pop() as number) >>> 0, args.length - 1)] as number);
    else if (name === "return") this.#branch(this.#labels.length - 1);
    else return name === "nop";
    return true;
  }

  /** Returns whether the instruction was one of variables and operands. */
  variable({ name, args: [index = 0] }: Instruction, globals: Value[]): boolean {
    if (name === "drop") this.#pop();
    else if (name === "select") {
      const [condition, b, a] = [this.#pop(), this.#pop(), this.#pop()];
      this.stack.push(condition !== 0 ? a : b);
    } else if (name === "local.get") this.stack.push(this.#locals[index] as Value);
    else if (name === "local.set") this.#locals[index] = this.#pop();
    else if (name === "local.tee") this.#locals[index] = this.stack.at(-1) as Value;
    else if (name === "global.get") this.stack.push(globals[index] as Value);
    else if (name === "global.set") globals[index] = this.#pop();
    else return false;
    return true;
  }

  #pop(): Value {
    return this.stack.pop() as Value;
  }

  #open({ name, end, otherwise }: Instruction, type: FunctionType): void {
    const taken = name !== "if" || this.#pop() !== 0;
    const height = this.stack.length - type.params.length;
    const loop = name === "loop";
    const arity = loop ? type.params.length : type.results.length;
    this.#labels.push({ arity, height, target: loop ? this.at : end + 1 });
    if (!taken) this.at = otherwise >= 0 ? otherwise + 1 : end;
  }

  #branch(level: number): void {
    const label = this.#labels[this.#labels.length - 1 - level] as Label;
    const kept = label.arity === 0 ? [] : this.stack.splice(-label.arity);
    this.stack.length = label.height;
    this.stack.push(...kept);
    // A loop's label stays open: its target lies before the branch.
    this.#labels.length -= label.target <= this.at ? level : level + 1;
    this.at = label.target;
  }
}

/** Thrown when the interpreter has run long enough to tell. */
export class TooLong extends Error {}

export class Interpreter {
  readonly module: DecodedModule;
  readonly #imports: ((...args: Value[]) => Value | undefined)[];
  readonly #accessFuel: number;
  memory: Uint8Array;
  #globals: Value[] = [];
  #table: (number | undefined)[];
  #data: Uint8Array[];
  /** Weight of everything executed so far. */
  executed = 0;
  steps = 0;
  #depth = 0;

  constructor(
    bytes: Uint8Array,
    imports: (module: string, name: string) => (...args: Value[]) => Value | undefined,
    accessFuel: number,
  ) {
    this.module = decodeModule(bytes);
    this.#imports = this.module.imports.map(({ module, name }) => imports(module, name));
    this.#accessFuel = accessFuel;
    this.memory = new Uint8Array((this.module.memory?.min ?? 0) * PAGE);
    this.#table = new Array<number | undefined>(this.module.table).fill(undefined);
    for (const code of this.module.globals) this.#globals.push(this.#constant(code));
    this.#data = this.module.data.map(({ bytes: contents, passive }) => (passive ? contents : new Uint8Array()));
    for (const { offset, functions } of this.module.elements) {
      const base = this.#constant(offset) as number;
      functions.forEach((index, place) => {
        this.#table[base + place] = index;
      });
    }
    for (const { offset, bytes: contents, passive } of this.module.data) {
      if (!passive) this.memory.set(contents, this.#constant(offset) as number);
    }
    this.executed = 0;
  }

  call(index: number, args: Value[]): Value[] {
    let next: Call | undefined = { index, args };
    let results: Value[] = [];
    if (++this.#depth > DEPTH_MAX) throw new TooLong();
    while (next) {
      const ended: Ended = this.#enter(next.index, next.args);
      next = "tail" in ended ? ended.tail : undefined;
      if ("results" in ended) results = ended.results;
    }
    this.#depth--;
    return results;
  }

  #enter(index: number, args: Value[]): Ended {
    const host = this.#imports[index];
    if (host) {
      this.executed += HOST_CALL_FUEL;
      const value = host(...args);
      return { results: value === undefined ? [] : [value] };
    }
    const { type, locals, code } = this.#definedAt(index);
    const zeros = locals.map((local) => (local === 0x7e ? 0n : 0));
    return this.#run(code, [...args, ...zeros], (this.module.types[type] as FunctionType).results.length);
  }

  #definedAt(index: number): DecodedModule["functions"][number] {
    return this.module.functions[index - this.#imports.length] as DecodedModule["functions"][number];
  }

  #typeOf(index: number): FunctionType {
    const type = index < this.#imports.length ? this.module.imports[index]?.type : this.#definedAt(index).type;
    return this.module.types[type as number] as FunctionType;
  }

  #constant(code: Instruction[]): Value {
    const ended = this.#run(code, [], 1);
    return ("results" in ended ? ended.results[0] : undefined) ?? 0;
  }

  #run(code: Instruction[], locals: Value[], arity: number): Ended {
    const activation = new Activation(code, locals, arity);
    while (activation.at < code.length) {
      if (++this.steps > STEPS_MAX) throw new TooLong();
      const instruction = code[activation.at++] as Instruction;
      this.executed += instructionFuel(instruction.name);
      const tail = this.#call(instruction, activation.stack);
      if (tail === "done") continue;
      if (tail !== undefined) return { tail };
      if (activation.control(instruction, (encoded) => this.#blockType(encoded))) continue;
      if (!activation.variable(instruction, this.#globals)) this.#compute(instruction, activation.stack);
    }
    return { results: activation.stack.slice(-arity || activation.stack.length) };
  }

  /** Calls; a tail call is given back to be made in place of this one. */
  #call({ name, args }: Instruction, stack: Value[]): Call | "done" | undefined {
    if (!name.includes("call")) return undefined;
    const callee = name.endsWith("_indirect") ? this.#inTable(args[0] as number, stack.pop() as number) : args[0];
    const type = this.#typeOf(callee as number);
    const call = { index: callee as number, args: type.params.length === 0 ? [] : stack.splice(-type.params.length) };
    if (name.startsWith("return_")) return call;
    stack.push(...this.call(call.index, call.args));
    return "done";
  }

  #inTable(typeIndex: number, place: number): number {
    const callee = this.#table[place >>> 0];
    const type = this.module.types[typeIndex] as FunctionType;
    if (callee === undefined || JSON.stringify(this.#typeOf(callee)) !== JSON.stringify(type)) throw new Trap();
    return callee;
  }

  #compute({ name, args, value }: Instruction, stack: Value[]): void {
    const offset = args[1] ?? 0;
    if (value !== undefined) stack.push(value);
    else if (name.includes("load")) stack.push(this.#load(name, stack.pop() as number, offset));
    else if (name.includes("store")) this.#store(name, stack.pop() as Value, stack.pop() as number, offset);
    else if (name.startsWith("memory.") || name.startsWith("data.")) this.#bulk(name, args, stack);
    else this.#operate(name, stack);
  }

  #blockType(encoded: number): FunctionType {
    if (encoded === -64) return { params: [], results: [] };
    return encoded < 0 ? { params: [], results: [encoded + 128] } : (this.module.types[encoded] as FunctionType);
  }

  #operate(name: string, stack: Value[]): void {
    const operation = OPERATIONS[name];
    if (!operation) throw new Error(`The interpreter does not know ${name}.`);
    const count = UNARY.test(name) ? 1 : 2;
    stack.push(operation(...(stack.splice(-count) as never[])));
  }

  #view(address: number, offset: number, size: number): DataView {
    this.executed += this.#accessFuel - 1;
    const at = (address >>> 0) + offset;
    if (at + size > this.memory.length) throw new Trap();
    return new DataView(this.memory.buffer, at, size);
  }

  #load(name: string, address: number, offset: number): Value {
    const bits = Number(/load(\d+)/.exec(name)?.[1] ?? name.slice(1, 3));
    const view = this.#view(address, offset, bits / 8);
    if (name.startsWith("f")) return bits === 32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    let value = 0n;
    for (let byte = bits / 8 - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(view.getUint8(byte));
    const signed = name.endsWith("_s") || !/load\d/.test(name);
    const wide = signed ? BigInt.asIntN(bits, value) : value;
    return name.startsWith("i32") ? Number(BigInt.asIntN(32, wide)) : BigInt.asIntN(64, wide);
  }

  #store(name: string, value: Value, address: number, offset: number): void {
    const bits = Number(/store(\d+)/.exec(name)?.[1] ?? name.slice(1, 3));
    const view = this.#view(address, offset, bits / 8);
    if (name === "f32.store") view.setFloat32(0, value as number, true);
    else if (name === "f64.store") view.setFloat64(0, value as number, true);
    else {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (let byte = 0; byte < bits / 8; byte++, rest >>= 8n) view.setUint8(byte, Number(rest & 0xffn));
    }
  }

  #bulk(name: string, args: number[], stack: Value[]): void {
    if (name === "memory.size") {
      stack.push(this.memory.length / PAGE);
      return;
    }
    if (name === "memory.grow") {
      stack.push(this.#grow((stack.pop() as number) >>> 0));
      return;
    }
    if (name === "data.drop") {
      this.#data[args[0] as number] = new Uint8Array();
      return;
    }
    const [target = 0, source = 0, length = 0] = (stack.splice(-3) as number[]).map((value) => value >>> 0);
    this.executed += length >>> BULK_BYTES_PER_FUEL_LOG2;
    const from = name === "memory.init" ? (this.#data[args[0] as number] as Uint8Array) : this.memory;
    const fits = target + length <= this.memory.length;
    if (!fits || (name !== "memory.fill" && source + length > from.length)) throw new Trap();
    if (name === "memory.fill") this.memory.fill(source & 0xff, target, target + length);
    else this.memory.set(from.slice(source, source + length), target);
  }

  #grow(pages: number): number {
    const old = this.memory.length / PAGE;
    if (old + pages > (this.module.memory?.max ?? 0)) return -1;
    this.executed += pages * FUEL_PER_GROWN_PAGE;
    const larger = new Uint8Array((old + pages) * PAGE);
    larger.set(this.memory);
    this.memory = larger;
    return old;
  }
}

const UNARY =
  /\.(eqz|clz|ctz|popcnt|extend|abs|neg|ceil|floor|trunc|nearest|sqrt|convert|wrap|reinterpret|promote|demote)/;
