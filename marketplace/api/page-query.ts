// The query of every listing.
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import * as wire from "#protocol/wire.ts";

export const pageQuery = {
  cursor: z.string().max(200).optional(),
  limit: wire
    .queryInteger(LIMITS.pageRows)
    .refine((limit) => limit > 0, "must be at least 1")
    .optional(),
};
