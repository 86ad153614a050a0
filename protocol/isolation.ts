// Decides the classes of isolation that an offer may state and how they compare. It never isolates anything.

/** Weakest first. `process`: Node's permission model alone. `kernel`: namespaces and a system-call filter as well. */
export const ISOLATION_CLASSES = ["process", "kernel"] as const;
export type IsolationClass = (typeof ISOLATION_CLASSES)[number];

export function isolationAtLeast(offered: IsolationClass, wanted: IsolationClass): boolean {
  return ISOLATION_CLASSES.indexOf(offered) >= ISOLATION_CLASSES.indexOf(wanted);
}
