// Turns an image's layer into a program that this process can run, by its kind.
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ImageConfig } from "../image/image.ts";
import type { MeteredEngine } from "../javascript/engine-parts.ts";
import { JavascriptEngine } from "../javascript/javascript-engine.ts";
import { JavascriptProgram } from "../javascript/javascript-program.ts";
import type { Program } from "../program.ts";

export class ProgramLoader {
  #engine: JavascriptEngine | undefined;

  /** Makes the JavaScript lane ready. @throws `engine-failed` */
  start(engine: MeteredEngine): void {
    this.#engine = new JavascriptEngine(engine);
  }

  /** The layer is only valid during this call. @throws `image-refused`, `host-fault` */
  load(config: ImageConfig, layer: Uint8Array): Program {
    if (config.kind === "javascript" && this.#engine) return new JavascriptProgram(this.#engine, layer);
    throw new ProtocolError("rejected", "image-refused", `This executor cannot run a ${config.kind} program.`);
  }
}
