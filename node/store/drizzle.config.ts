// For `drizzle-kit generate --config node/store/drizzle.config.ts`, which writes the next migration from schema.ts.
import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "sqlite", schema: "./node/store/schema.ts", out: "./node/store/migrations" });
