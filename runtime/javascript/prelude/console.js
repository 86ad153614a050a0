// console: every call is one line of the microservice's log.
import { define, host } from "./host.js";

const DEPTH_MAX = 4;
const ITEMS_MAX = 100;

/** A value as a log line shows it. */
export function inspect(value, depth = 0, seen = []) {
  if (typeof value === "string") return depth === 0 ? value : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error)
    return `${value.name}: ${value.message}${value.stack ? `\n${value.stack.trimEnd()}` : ""}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (seen.includes(value)) return "[circular]";
  if (depth >= DEPTH_MAX) return Array.isArray(value) ? "[array]" : "[object]";
  return inspectItems(value, (item) => inspect(item, depth + 1, [...seen, value]));
}

function inspectItems(value, show) {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `[${cut(Array.from(value).map(show))}]`;
  if (value instanceof Map) return `Map {${cut([...value].map(([key, held]) => `${show(key)} => ${show(held)}`))}}`;
  if (value instanceof Set) return `Set {${cut([...value].map(show))}}`;
  return `{${cut(Object.keys(value).map((key) => `${key}: ${show(value[key])}`))}}`;
}

function cut(items) {
  return items.length <= ITEMS_MAX
    ? items.join(", ")
    : `${items.slice(0, ITEMS_MAX).join(", ")}, … ${items.length - ITEMS_MAX} more`;
}

const write = (...values) => host.log(values.map((value) => inspect(value)).join(" "));

define("console", {
  log: write,
  info: write,
  debug: write,
  warn: (...values) => write("warning:", ...values),
  error: (...values) => write("error:", ...values),
  trace: write,
  assert: (condition, ...values) => {
    if (!condition) write("assertion failed:", ...values);
  },
});
