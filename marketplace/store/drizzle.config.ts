// For the person who changes schema.ts: `drizzle-kit generate --config marketplace/store/drizzle.config.ts`.
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  casing: "snake_case",
  schema: "./marketplace/store/schema.ts",
  out: "./marketplace/store/migrations",
});
