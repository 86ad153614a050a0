// The licence audit: POST the manifests of packages, get the packages by licence and those that want a look. It imports
// nothing from outside, reads no clock and keeps nothing, so every node gives the same bytes.
import { licenceOf, type Manifest } from "./licence-of.ts";
import { reviewReason } from "./review-reason.ts";

interface Licence {
  readonly licence: string;
  readonly count: number;
  /** `name@version`, sorted. */
  readonly packages: readonly string[];
}

interface Review {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly reason: string;
}

export interface Audit {
  /** Distinct packages by name and version. */
  readonly total: number;
  /** The most used first, equal ones by name. */
  readonly licences: readonly Licence[];
  /** By name and version. */
  readonly review: readonly Review[];
}

const NO_LICENCE = "(none)";

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return problem(405, "POST the packages' manifests as JSON.");
    let input: unknown;
    try {
      input = JSON.parse(await request.text());
    } catch {
      return problem(400, "The body is not JSON.");
    }
    const manifests = Array.isArray(input) ? input : (input as { packages?: unknown } | null)?.packages;
    if (!Array.isArray(manifests)) return problem(400, 'Send an array of manifests, or { "packages": [ … ] }.');
    return json(200, audit(manifests.filter(isManifest)));
  },
};

function audit(manifests: readonly Manifest[]): Audit {
  const packages = new Map<string, { manifest: Manifest; licence: string }>();
  for (const manifest of manifests) {
    const id = `${manifest.name}@${manifest.version}`;
    if (!packages.has(id)) packages.set(id, { manifest, licence: licenceOf(manifest) ?? NO_LICENCE });
  }
  const sorted = [...packages].sort(([a], [b]) => compare(a, b));
  const byLicence = new Map<string, string[]>();
  const review: Review[] = [];
  for (const [id, { manifest, licence }] of sorted) {
    byLicence.set(licence, [...(byLicence.get(licence) ?? []), id]);
    const reason = licence === NO_LICENCE ? "no licence is stated" : reviewReason(licence);
    if (reason) review.push({ name: manifest.name, version: manifest.version, licence, reason });
  }
  const licences = [...byLicence].map(([licence, ids]) => ({ licence, count: ids.length, packages: ids }));
  licences.sort((a, b) => b.count - a.count || compare(a.licence, b.licence));
  return { total: packages.size, licences, review };
}

function isManifest(value: unknown): value is Manifest {
  const { name, version } = (value ?? {}) as { name?: unknown; version?: unknown };
  return typeof name === "string" && name !== "" && typeof version === "string" && version !== "";
}

/** By code units: a locale would order differently on different machines. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function json(status: number, value: unknown): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
}

function problem(status: number, detail: string): Response {
  return json(status, { detail });
}
