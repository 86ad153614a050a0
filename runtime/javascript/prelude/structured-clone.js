// structuredClone for the types of the language itself.
import { DOMException } from "./dom-exception.js";
import { define } from "./host.js";

const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function structuredClone(value) {
  return cloneValue(value, new Map());
}

function cloneValue(value, seen) {
  if (typeof value === "symbol" || typeof value === "function") throw uncloneable(value);
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const copy = emptyCopy(value, seen);
  seen.set(value, copy);
  fill(copy, value, seen);
  return copy;
}

function emptyCopy(value, seen) {
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) return cloneView(value, seen);
  if (value instanceof Error) return cloneError(value);
  if (value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt) {
    return Object(value.valueOf());
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
    throw uncloneable(value);
  }
  return {};
}

function cloneView(view, seen) {
  const buffer = cloneValue(view.buffer, seen);
  const length = view instanceof DataView ? view.byteLength : view.length;
  return new view.constructor(buffer, view.byteOffset, length);
}

function cloneError(error) {
  const copy = new (ERRORS[error.name] ?? Error)(error.message);
  Object.defineProperty(copy, "stack", { value: error.stack, writable: true, configurable: true });
  return copy;
}

function fill(copy, value, seen) {
  if (value instanceof Map)
    for (const [key, held] of [...value]) copy.set(cloneValue(key, seen), cloneValue(held, seen));
  else if (value instanceof Set) for (const held of [...value]) copy.add(cloneValue(held, seen));
  else if (value instanceof Error) {
    if (Object.hasOwn(value, "cause")) copy.cause = cloneValue(value.cause, seen);
  } else if (Array.isArray(value) || Object.getPrototypeOf(copy) === Object.prototype) {
    for (const key of Object.keys(value)) copy[key] = cloneValue(value[key], seen);
  }
}

function uncloneable(value) {
  return new DOMException(
    `${typeof value === "object" ? "This object" : String(value)} cannot be cloned`,
    "DataCloneError",
  );
}

define("structuredClone", structuredClone);
