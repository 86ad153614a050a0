// Remembers images that brought executors down: work that the meter does not see must not be free for long.
import { ProtocolError } from "#protocol/protocol-error.ts";

const STRIKES_MAX = 3;
/** Images remembered; the oldest is forgiven first. */
const IMAGES = 1_024;

export class Strikes {
  readonly #counts = new Map<string, number>();

  add(image: string): void {
    const count = (this.#counts.get(image) ?? 0) + 1;
    this.#counts.delete(image);
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined && this.#counts.size >= IMAGES) this.#counts.delete(oldest);
    this.#counts.set(image, count);
  }

  /** @throws `image-struck-out` */
  requireGood(image: string): void {
    const count = this.#counts.get(image) ?? 0;
    if (count < STRIKES_MAX) return;
    throw new ProtocolError("rejected", "image-struck-out", `The image ${image} brought down ${count} executors.`, {
      hint: "Correct the microservice and pack it again; this image is not run until the program restarts.",
      context: { image, count },
    });
  }
}
