// What tells the kinds of WebAssembly microservices apart: which imports they may have, and how a call enters them.
import type { Headers } from "#protocol/message.ts";
import type { ModuleMeta } from "../metering/meter-module.ts";
import type { ImportList } from "./compile-module.ts";
import type { HostCall } from "./host-call.ts";
import type { HostModule } from "./host-surroundings.ts";
import type { ModuleInstance } from "./module-instance.ts";

export interface Lane {
  readonly imports: ImportList;
  readonly host: HostModule;
  /** @throws `module-refused` */
  requireExports(meta: ModuleMeta): void;
  /** Runs once after the start function, before the snapshot. */
  initialise(instance: ModuleInstance): void;
  /** Runs one call. */
  enter(instance: ModuleInstance): void;
  headersOf(call: HostCall): Headers;
}
