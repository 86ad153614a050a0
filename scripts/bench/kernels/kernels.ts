// All kernels, in the order in which results are listed.
import { FIB } from "./fib.ts";
import { JSON_CHECK } from "./json.ts";
import type { Kernel } from "./kernel.ts";
import { MATMUL } from "./matmul.ts";
import { NBODY } from "./nbody.ts";
import { SHA256 } from "./sha256.ts";
import { SORT } from "./sort.ts";

export const KERNELS: readonly Kernel[] = [MATMUL, SHA256, SORT, JSON_CHECK, NBODY, FIB];
