// Decides the one text of every address that comes from the chain: lower case, as on the wire, so that `===` is enough.
// It never checks a checksum.

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** `value` with the addresses in it, at any depth of its lists and objects, in lower case. */
export function lowerAddresses<T>(value: T): T {
  if (typeof value === "string") return (ADDRESS.test(value) ? value.toLowerCase() : value) as T;
  if (Array.isArray(value)) return value.map(lowerAddresses) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, lowerAddresses(inner)])) as T;
}
