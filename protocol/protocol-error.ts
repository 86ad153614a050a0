// Decides how every refusal and failure in the project is named, explained and classed.
// It never decides whether something fails: that is each rule's own business.

/** What kind of failure it is: the HTTP status and the exit code of the command line follow from it. */
export type ErrorCategory =
  | "invalid"
  | "not-found"
  | "unauthorized"
  | "funds"
  | "rejected"
  | "conflict"
  | "too-large"
  | "busy"
  | "timeout"
  | "unreachable"
  | "job-failed"
  | "cancelled"
  | "internal";

interface CategoryFaces {
  readonly httpStatus: number;
  readonly exitCode: number;
}

export const ERROR_CATEGORIES: Readonly<Record<ErrorCategory, CategoryFaces>> = {
  invalid: { httpStatus: 400, exitCode: 2 },
  "not-found": { httpStatus: 404, exitCode: 3 },
  unauthorized: { httpStatus: 401, exitCode: 4 },
  funds: { httpStatus: 402, exitCode: 5 },
  rejected: { httpStatus: 422, exitCode: 6 },
  conflict: { httpStatus: 409, exitCode: 6 },
  "too-large": { httpStatus: 413, exitCode: 2 },
  busy: { httpStatus: 429, exitCode: 8 },
  timeout: { httpStatus: 504, exitCode: 7 },
  unreachable: { httpStatus: 502, exitCode: 8 },
  "job-failed": { httpStatus: 422, exitCode: 10 },
  cancelled: { httpStatus: 499, exitCode: 130 },
  internal: { httpStatus: 500, exitCode: 1 },
};

/** A value that survives JSON; bigints are written as decimal strings. */
export type ContextValue = string | number | boolean | bigint | null | undefined | readonly ContextValue[];

export interface ProtocolErrorFields {
  /** What to do next, one sentence in the active voice. */
  readonly hint?: string;
  /** The offending value, the limit, and whatever else identifies the case. */
  readonly context?: Readonly<Record<string, ContextValue>>;
  /** Whether the same call may succeed later without a change. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * The one error of the project. `code` is stable and machine-readable (kebab-case, such as `offer-expired`);
 * `message` says what happened and the state left behind; `hint` says what to do.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly category: ErrorCategory;
  readonly code: string;
  readonly hint: string | undefined;
  readonly context: Readonly<Record<string, ContextValue>>;
  readonly retryable: boolean;

  constructor(category: ErrorCategory, code: string, message: string, fields: ProtocolErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.category = category;
    this.code = code;
    this.hint = fields.hint;
    this.context = fields.context ?? {};
    this.retryable = fields.retryable ?? (category === "busy" || category === "unreachable" || category === "timeout");
  }
}

/** RFC 9457 body of an error. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly category: ErrorCategory;
  readonly detail: string;
  readonly hint?: string;
  readonly context?: Record<string, unknown>;
  readonly retryable: boolean;
}

/** The HTTP face. A bug (anything but a ProtocolError, or category `internal`) shows nothing of its inside. */
export function toProblem(error: unknown): Problem {
  const known = error instanceof ProtocolError && error.category !== "internal" ? error : undefined;
  if (!known) {
    return {
      type: "about:blank",
      title: "Internal error",
      status: 500,
      code: "internal",
      category: "internal",
      detail: "The program failed; its log has the cause.",
      retryable: false,
    };
  }
  return {
    type: `urn:mimik:error:${known.code}`,
    title: known.code.replaceAll("-", " ").replace(/^./, (first) => first.toUpperCase()),
    status: ERROR_CATEGORIES[known.category].httpStatus,
    code: known.code,
    category: known.category,
    detail: known.message,
    ...(known.hint !== undefined && { hint: known.hint }),
    ...(Object.keys(known.context).length > 0 && { context: jsonContext(known.context) }),
    retryable: known.retryable,
  };
}

/** The error that a peer answered as a problem; `undefined` when the body is not one. */
export function fromProblem(body: unknown): ProtocolError | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { code, category, detail, hint, context, retryable } = body as Partial<Problem>;
  if (typeof code !== "string" || typeof detail !== "string") return undefined;
  const known = typeof category === "string" && Object.hasOwn(ERROR_CATEGORIES, category) ? category : "internal";
  return new ProtocolError(known, code, detail, {
    ...(typeof hint === "string" && { hint }),
    context: (context ?? {}) as Record<string, ContextValue>,
    retryable: retryable === true,
  });
}

/** Context with bigints as decimal strings, ready for JSON. */
export function jsonContext(context: Readonly<Record<string, ContextValue>>): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(context, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value)),
  ) as Record<string, unknown>;
}
