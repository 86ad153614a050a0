// Calls an exported function that takes nothing; an absent one is left out.
import type { ModuleInstance } from "./module-instance.ts";

export function callExport(instance: ModuleInstance, name: string): void {
  const entry = instance.exports[name];
  if (typeof entry === "function") (entry as () => unknown)();
}
