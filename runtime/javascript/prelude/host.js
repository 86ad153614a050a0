// The prelude's only door: the host's functions, taken out of the guest's sight before any guest code runs.
// Every module of this folder runs inside the sandboxed engine, never in the host's own JavaScript.

export const host = globalThis.__host;
delete globalThis.__host;

/** Makes a name of the web API global, as enumerable as browsers make it: not at all. */
export function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
