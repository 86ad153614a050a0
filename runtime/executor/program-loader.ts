// Turns an image's layer into a program that this process can run, by its kind.
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ImageConfig } from "../image/image.ts";
import { loadModule } from "../instance/module-program.ts";
import { REQUEST_LANE } from "../instance/request-lane.ts";
import { wasiLane } from "../instance/wasi-lane.ts";
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

  /**
   * The layer is only valid during this call.
   * @throws `module-malformed`, `module-invalid`, `module-refused`, `import-refused`, `module-start-failed`, `host-fault`
   */
  load(config: ImageConfig, layer: Uint8Array): Program {
    // What loads and stores cost depends on the pages that the image asks for, so these come from the image.
    const pages = config.limits.memoryPages;
    if (config.kind === "wasi") return loadModule(layer.slice(), wasiLane(config), pages);
    if (config.kind === "wasm") return loadModule(layer.slice(), REQUEST_LANE, pages);
    if (this.#engine) return new JavascriptProgram(this.#engine, layer, pages);
    throw new ProtocolError("internal", "engine-failed", "The JavaScript engine is not started.");
  }
}
