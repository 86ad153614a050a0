// DOMException with the names and legacy codes that this prelude throws.
import { define } from "./host.js";

const CODES = { InvalidCharacterError: 5, NotSupportedError: 9, DataCloneError: 25, QuotaExceededError: 22 };

export class DOMException extends Error {
  #name;

  constructor(message = "", name = "Error") {
    super(message);
    this.#name = String(name);
  }

  get name() {
    return this.#name;
  }

  get code() {
    return CODES[this.#name] ?? 0;
  }
}

define("DOMException", DOMException);
