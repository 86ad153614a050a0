// GET /docs: the OpenAPI document as a page for people. It runs no script and loads nothing.
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { Api } from "#mesh/api-server.ts";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content>>;
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; background: light-dark(#fbfbfa, #14171a); color: light-dark(#1d2329, #e4e7ea); }
a { color: light-dark(#0b5c55, #6fd3c7); }
section { border-top: 1px solid light-dark(#d9dddc, #333a41); padding: .75rem 0; }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
h2 code { font-size: 1rem; }
.verb { display: inline-block; min-width: 3.2rem; text-transform: uppercase; font-weight: 700; font-size: .8rem; }
p { margin: .25rem 0; }
pre { overflow: auto; max-height: 24rem; padding: .75rem; font-size: .8rem; background: light-dark(#f0f2f1, #1c2126); }
summary { cursor: pointer; }
`;

/** Serves the page; to be called after all routes are added. */
export function addDocsPage({ app }: Api, title: string, version: string): void {
  const document = app.getOpenAPI31Document({ openapi: "3.1.0", info: { title, version } });
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([verb, operation]) => showOperation(verb, path, operation)),
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}: API</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>
            Amounts are decimal strings in base units of the payment token, which has 6 decimals; times are Unix seconds.
            Refusals are <code>application/problem+json</code> with a stable <code>code</code>. For programs:
            <a href="/openapi.json">/openapi.json</a>. State: <a href="/healthz">/healthz</a>,
            <a href="/metrics">/metrics</a>. For people: <a href="/">the dashboard</a>.
          </p>
          ${operations}
        </main>
      </body>
    </html>`;
  const text = String(page);
  const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? "";
  const styleHash = createHash("sha256").update(style).digest("base64");
  app.get("/docs", (c) =>
    c.html(text, 200, {
      "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`,
      "x-content-type-options": "nosniff",
    }),
  );
}

function showOperation(verb: string, path: string, operation: Operation) {
  const parameters = (operation.parameters ?? []).map(
    (parameter) => `${parameter.name} (${parameter.in}${parameter.required ? "" : ", optional"})`,
  );
  const schemaOf = (content: Content | undefined) => Object.values(content?.content ?? {})[0]?.schema;
  const body = schemaOf(operation.requestBody);
  const answer = schemaOf(operation.responses?.["200"]);
  return html`<section>
    <h2><span class="verb">${verb}</span> <code>${path}</code></h2>
    <p>${operation.summary ?? ""}</p>
    ${parameters.length > 0 ? html`<p>Parameters: ${parameters.join(", ")}</p>` : ""}
    ${body ? showSchema("Body", body) : ""}
    ${answer ? showSchema("Answer", answer) : ""}
  </section>`;
}

function showSchema(caption: string, schema: unknown) {
  return html`<details>
    <summary>${caption}</summary>
    <pre tabindex="0">${JSON.stringify(schema, null, 2)}</pre>
  </details>`;
}
