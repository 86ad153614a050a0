// How long something still takes, for people.

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Seconds as `2 days 3 hours`: the two largest units that say anything, the last one rounded up. */
export function timeLeft(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  const from = UNITS.findIndex(([, size]) => whole >= size);
  const smallest = (UNITS[from + 1] ?? UNITS[from])?.[1] ?? 1;
  let rest = Math.ceil(whole / smallest) * smallest;
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return parts.join(" ");
}
