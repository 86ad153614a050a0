// Whose earnings and shares are shown: an address that is typed, pasted or picked, and remembered.
import { type FormEvent, useId, useState } from "react";
import type { OwnerView } from "../market-client.ts";
import { OWNER_PATTERN } from "../page-state.ts";

interface OwnerPickerProps {
  readonly owner: string | undefined;
  readonly known: readonly OwnerView[];
  readonly onChoose: (owner: string | undefined) => void;
}

export function OwnerPicker({ owner, known, onChoose }: OwnerPickerProps) {
  const [text, setText] = useState(owner ?? "");
  const [complaint, setComplaint] = useState<string>();
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const address = text.trim();
    if (!OWNER_PATTERN.test(address)) {
      setComplaint("An address is 0x and 40 hex digits.");
      return;
    }
    setComplaint(undefined);
    onChoose(address);
  };
  const clear = () => {
    setText("");
    setComplaint(undefined);
    onChoose(undefined);
  };
  return (
    <form className="picker" onSubmit={submit}>
      <label htmlFor={id}>My owner address</label>
      <div>
        <input
          id={id}
          value={text}
          list={`${id}-known`}
          placeholder="0x…"
          spellCheck={false}
          autoComplete="off"
          aria-invalid={complaint !== undefined}
          aria-describedby={complaint ? `${id}-complaint` : undefined}
          onChange={(event) => setText(event.target.value)}
        />
        <datalist id={`${id}-known`}>
          {known.map((row) => (
            <option key={row.owner} value={row.owner} />
          ))}
        </datalist>
        <button type="submit" className="button">
          Show
        </button>
        {owner !== undefined && (
          <button type="button" className="button plain" onClick={clear}>
            All owners
          </button>
        )}
      </div>
      {complaint && (
        <p id={`${id}-complaint`} className="complaint" role="alert">
          {complaint}
        </p>
      )}
    </form>
  );
}
