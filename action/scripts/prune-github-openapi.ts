/**
 * Cuts GitHub's official API description down to the operations Changegate uses and writes
 * action/test/fake-github/github-openapi.generated.json, which the fake GitHub of the tests validates against.
 *
 * The description (12 MB, MIT licence) is not a dependency. To refresh the cut:
 *
 *   npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
 *   node action/scripts/prune-github-openapi.ts package/generated/api.github.com.json
 */
import { readFileSync, writeFileSync } from 'node:fs';

type Json = Record<string, unknown>;

const REPO = '/repos/{owner}/{repo}';
const OPERATIONS: Record<string, string[]> = {
  '': ['get'],
  '/contents/{path}': ['get'],
  '/commits/{ref}': ['get'],
  '/commits/{ref}/check-runs': ['get'],
  '/commits/{commit_sha}/pulls': ['get'],
  '/compare/{basehead}': ['get'],
  '/pulls/{pull_number}': ['get'],
  '/pulls/{pull_number}/files': ['get'],
  '/issues': ['get', 'post'],
  '/issues/{issue_number}/comments': ['get', 'post'],
  '/issues/comments/{comment_id}': ['get', 'patch', 'delete'],
  '/check-runs': ['post'],
  '/check-runs/{check_run_id}': ['get', 'patch'],
  '/deployments': ['get', 'post'],
  '/deployments/{deployment_id}': ['get'],
  '/deployments/{deployment_id}/statuses': ['get', 'post'],
  '/actions/workflows/{workflow_id}/dispatches': ['post'],
};

/** Prose and examples: nothing validates against them, and they are most of the bytes. */
const PROSE = new Set([
  'description',
  'example',
  'examples',
  'externalDocs',
  'summary',
  'tags',
  'title',
  'x-github',
  'x-github-breaking-changes',
  'x-octokit',
]);

/** Below these keys a member's name is the user's (a field called `title`), not a keyword of the description. */
const NAME_MAPS = new Set(['properties', 'schemas', 'parameters', 'responses', 'headers']);

function withoutProse(node: unknown, isNameMap = false): unknown {
  if (Array.isArray(node)) return node.map((item) => withoutProse(item));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => isNameMap || !PROSE.has(key))
      .map(([key, value]) => [key, withoutProse(value, !isNameMap && NAME_MAPS.has(key))]),
  );
}

function collectComponents(node: unknown, all: Record<string, Json>, kept: Record<string, Json>): void {
  if (typeof node !== 'object' || node === null) return;
  const ref = (node as Json).$ref;
  const match = typeof ref === 'string' ? /^#\/components\/([^/]+)\/(.+)$/.exec(ref) : null;
  if (match) {
    const [, kind, name] = match as unknown as [string, string, string];
    kept[kind] ??= {};
    if (!(name in kept[kind])) {
      kept[kind][name] = all[kind]?.[name];
      collectComponents(kept[kind][name], all, kept);
    }
  }
  for (const value of Object.values(node)) collectComponents(value, all, kept);
}

/** Where the description contradicts what GitHub answers: a pull request whose fork was deleted has a null head.repo. */
function correct(schemas: Json): void {
  for (const name of ['pull-request', 'pull-request-simple']) {
    const schema = schemas[name] as { properties: { head: { properties: Json } } };
    schema.properties.head.properties.repo = { $ref: '#/components/schemas/nullable-repository' };
    schema.properties.head.properties.user = { $ref: '#/components/schemas/nullable-simple-user' };
  }
}

const source = process.argv[2];
if (source === undefined) {
  console.error('usage: node action/scripts/prune-github-openapi.ts path/to/api.github.com.json (see the file header)');
  process.exit(2);
}
const full = JSON.parse(readFileSync(source, 'utf8')) as {
  openapi: string;
  info: { title: string; version: string; license: Json };
  paths: Record<string, Json>;
  components: Record<string, Json>;
};
const paths: Record<string, Json> = {};
for (const [suffix, methods] of Object.entries(OPERATIONS)) {
  const path = REPO + suffix;
  paths[path] = Object.fromEntries(
    methods.map((method) => {
      const operation = full.paths[path]?.[method];
      if (operation === undefined) throw new TypeError(`${source} does not describe ${method} ${path}`);
      return [method, withoutProse(operation)];
    }),
  );
}
const kept: Record<string, Json> = {};
const components = Object.fromEntries(
  Object.entries(full.components).map(([kind, members]) => [kind, withoutProse(members, true) as Json]),
);
correct(components.schemas ?? {});
collectComponents(paths, components, kept);
const pruned = {
  openapi: full.openapi,
  info: {
    title: `${full.info.title} (only what Changegate uses)`,
    version: full.info.version,
    license: full.info.license,
    'x-source': `@octokit/openapi@${full.info.version} generated/api.github.com.json, pruned by action/scripts/prune-github-openapi.ts`,
  },
  paths,
  components: kept,
};
const target = new URL('../test/fake-github/github-openapi.generated.json', import.meta.url);
const text = `${JSON.stringify(pruned, null, 1)}\n`;
writeFileSync(target, text);
console.log(
  `${Object.keys(paths).length} paths, ${Object.keys(kept.schemas ?? {}).length} schemas, ${text.length} bytes`,
);
