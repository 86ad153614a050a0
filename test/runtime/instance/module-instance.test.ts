import assert from "node:assert/strict";
import { test } from "node:test";
import { compileModule } from "#runtime/instance/compile-module.ts";
import { HostCall } from "#runtime/instance/host-call.ts";
import { MemoryPool } from "#runtime/instance/memory-pool.ts";
import { ModuleInstance } from "#runtime/instance/module-instance.ts";
import { assemble } from "../metering/assemble.ts";

const LIMITS = { fuel: 10_000_000n, memoryPages: 64 };

function instanceOf(text: string, pool = new MemoryPool()): ModuleInstance {
  const compiled = compileModule(assemble(text), { pagesMax: 64, imports: new Map() });
  return new ModuleInstance(compiled, () => ({}), pool);
}

function run(instance: ModuleInstance, name: string): ReturnType<ModuleInstance["run"]> {
  return instance.run(LIMITS, HostCall.atLoad(), () => void (instance.exports[name] as () => unknown)());
}

/** A host that has no more memory than it lent at first. */
class PoorPool extends MemoryPool {
  override take(pages: number): WebAssembly.Memory {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  }
}

const GROW = '(module (memory 1) (func (export "run") (drop (memory.grow (i32.const 1)))))';

test("memory that the rules allow but the host cannot give is a fault without a receipt", () => {
  assert.equal(run(instanceOf(GROW), "run").kind, "returned");
  assert.throws(() => run(instanceOf(GROW, new PoorPool()), "run"), { code: "host-fault", retryable: true });
});

test("an error of a host function is a fault of the host, not of the guest", () => {
  const instance = instanceOf("(module)");
  const failing = () => {
    throw new TypeError("a bug");
  };
  assert.throws(() => instance.run(LIMITS, HostCall.atLoad(), failing), { code: "host-fault" });
});

test("every piece of state comes back to the snapshot", () => {
  const text = `(module (memory 1) (table 3 funcref) (elem (i32.const 0) $a)
    (global $i (mut i32) (i32.const 1)) (global $I (mut i64) (i64.const 2)) (global $F (mut f64) (f64.const 3.5))
    (global $f (mut f32) (f32.const -0)) (global $r (mut funcref) (ref.null func)) (global $e (mut externref) (ref.null extern))
    (func $a)
    (func (export "run")
      (i32.store (i32.const 40000) (i32.const 9)) (i32.store (i32.const 65532) (i32.const 9))
      (global.set $i (i32.const 9)) (global.set $I (i64.const 9)) (global.set $F (f64.const 9)) (global.set $f (f32.const 9))
      (global.set $r (ref.func $a)) (table.set (i32.const 1) (ref.func $a)) (table.set (i32.const 0) (ref.null func))))`;
  const instance = instanceOf(text);
  instance.memoryBytes()[40_001] = 5;
  const before = instance.snapshot();
  assert.equal(run(instance, "run").kind, "returned");
  assert.notDeepEqual(instance.snapshot(), before);
  assert.ok(instance.restore(before));
  assert.deepEqual(instance.snapshot(), before);
  assert.equal(instance.memoryBytes().filter((byte) => byte !== 0).length, 1);
});

test("a memory goes back to the pool cleared, a grown one does not", () => {
  const pool = new MemoryPool();
  const text = '(module (memory 1) (func (export "run") (i32.store (i32.const 8) (i32.const 9))))';
  const first = instanceOf(text, pool);
  run(first, "run");
  const memory = first.memoryBytes().buffer;
  first.release();
  const second = instanceOf(text, pool);
  assert.equal(second.memoryBytes().buffer, memory);
  assert.ok(second.memoryBytes().every((byte) => byte === 0));
  const grown = instanceOf(GROW, pool);
  run(grown, "run");
  grown.release();
  assert.notEqual(instanceOf(GROW, pool).memoryBytes().buffer, grown.memoryBytes().buffer);
});
