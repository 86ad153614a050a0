// The check of a typed error for `assert.rejects` and `assert.throws`.
import assert from "node:assert/strict";
import { type ErrorCategory, ProtocolError } from "#protocol/protocol-error.ts";

export function coded(code: string, category?: ErrorCategory): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ProtocolError, String(error));
    assert.equal(error.code, code, error.message);
    if (category) assert.equal(error.category, category);
    assert.match(error.message, /^[A-Z"/0].*\.$/s);
    assert.ok(error.hint, "a hint says what to do");
    return true;
  };
}
