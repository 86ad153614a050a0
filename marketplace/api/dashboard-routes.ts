// Serves the dashboard at /. The page may load and ask only what comes from here.
import type { Context } from "hono";
import type { Api } from "#mesh/api-server.ts";
import { readStaticFiles, type StaticFile } from "./static-files.ts";

const CONTENT_SECURITY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>mimik marketplace</title>
<h1>The marketplace runs; its dashboard is not built</h1>
<p>Run <code>npm run build</code> and start it again. The API is described at <a href="/docs">/docs</a>.</p></html>`;

export function addDashboardRoutes({ app }: Api, directory: string): void {
  const files = readStaticFiles(directory);
  const index = files.get("/index.html");
  app.get("/", (c) => (index ? serve(c, index) : c.html(NOT_BUILT)));
  for (const [path, file] of files) app.get(path, (c) => serve(c, file));
}

function serve(c: Context, file: StaticFile): Response {
  const headers: Record<string, string> = {
    "content-type": file.type,
    "cache-control": file.hashed ? "public, max-age=31536000, immutable" : "no-cache",
    etag: file.etag,
    vary: "accept-encoding",
    "content-security-policy": CONTENT_SECURITY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  if (c.req.header("if-none-match") === file.etag) return new Response(null, { status: 304, headers });
  const zipped = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
  if (zipped) headers["content-encoding"] = "gzip";
  return new Response(new Uint8Array(zipped ? file.gzip : file.bytes), { headers });
}
