// A section of the page with its heading, and what stands in it before there is anything to show.
import type { ReactNode } from "react";

interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** One sentence on what is listed. */
  readonly note?: string;
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

export function Panel({ id, title, note, tools, children }: PanelProps) {
  return (
    <section className="panel" id={id} aria-labelledby={`${id}-title`}>
      <header>
        <div>
          <h2 id={`${id}-title`}>{title}</h2>
          {note && <p className="note">{note}</p>}
        </div>
        {tools}
      </header>
      {children}
    </section>
  );
}

interface Asked<Data> {
  readonly data: Data | undefined;
  readonly error: Error | null;
  refetch(): unknown;
}

interface LoadedProps<Data> {
  readonly query: Asked<Data>;
  readonly what: string;
  readonly children: (data: Data) => ReactNode;
}

/** Shows the data; before it a sign of loading, and instead of it the error with a way to try again. */
export function Loaded<Data>({ query, what, children }: LoadedProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    return (
      <div className="message" role="alert">
        <p>
          Cannot load {what}. <span className="note">{query.error.message}</span>
        </p>
        <button type="button" className="button" onClick={() => void query.refetch()}>
          Try again
        </button>
      </div>
    );
  }
  return (
    <div className="message" aria-busy="true">
      <p className="note">Loading {what}…</p>
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="message">
      <p>{title}</p>
      <p className="note">{children}</p>
    </div>
  );
}
