// A long id, shown short; pressing it copies the whole.
import { useEffect, useState } from "react";
import { short } from "../format.ts";

interface CopyableProps {
  /** What the id names, such as "owner". */
  readonly kind: string;
  readonly value: string;
  /** Shown instead of the short form. */
  readonly label?: string | undefined;
  readonly whole?: boolean;
}

const SHOWN_MILLIS = 1_500;

export function Copyable({ kind, value, label, whole = false }: CopyableProps) {
  const [result, setResult] = useState<"Copied" | "Cannot copy">();
  useEffect(() => {
    if (!result) return;
    const timer = setTimeout(() => setResult(undefined), SHOWN_MILLIS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = () => {
    navigator.clipboard.writeText(value).then(
      () => setResult("Copied"),
      () => setResult("Cannot copy"),
    );
  };
  const shown = label ?? (whole ? value : short(value));
  return (
    <span className="copyable">
      <button type="button" onClick={copy} title={value} aria-label={`${shown}: copy ${kind} ${value}`}>
        <code>{shown}</code>
      </button>
      <span role="status" className={result ? "copied" : "copied hidden"}>
        {result}
      </span>
    </span>
  );
}
