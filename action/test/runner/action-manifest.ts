import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { RunnerFailure } from './runner-failure.ts';

interface Manifest {
  inputs?: Record<string, { default?: unknown } | null>;
  outputs?: Record<string, unknown>;
  runs?: { using?: string; main?: string };
}

/** The name of an input's variable: blanks become underscores, hyphens stay. */
export const inputVariable = (name: string): string => `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;

export const readManifest = (path: string): Manifest => (parse(readFileSync(path, 'utf8')) ?? {}) as Manifest;

/** Resolves `${{ github.… }}` in a default. Anything else in an expression needs GitHub and is refused. */
function resolveExpressions(text: string, github: Record<string, string>): string {
  return text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (whole, expression: string) => {
    const name = /^github\.([a-z_]+)$/.exec(expression)?.[1];
    const value = name === undefined ? undefined : github[name];
    if (value === undefined) throw new RunnerFailure(`This harness can't resolve ${whole} in a default of action.yml`);
    return value;
  });
}

/**
 * The INPUT_ variables of a step: what the step gives, else the default of action.yml, else empty, as the runner does
 * it (`required: true` is not enforced by GitHub).
 *
 * @throws RunnerFailure for an input that the manifest does not declare: the runner only warns, but in a test it is a
 *         mistake
 */
export function inputVariables(
  manifest: Manifest,
  given: Record<string, string>,
  github: Record<string, string>,
): Record<string, string> {
  const declared = Object.keys(manifest.inputs ?? {});
  const names = new Set(declared.map((name) => name.toLowerCase()));
  const unexpected = Object.keys(given).filter((name) => !names.has(name.toLowerCase()));
  if (unexpected.length > 0) {
    const valid = declared.map((name) => `'${name}'`).join(', ');
    throw new RunnerFailure(`Unexpected input(s) '${unexpected.join("', '")}', valid inputs are [${valid}]`);
  }
  const givenByName = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    declared.map((name) => {
      const fallback = resolveExpressions(String(manifest.inputs?.[name]?.default ?? ''), github);
      return [inputVariable(name), givenByName.get(name.toLowerCase()) ?? fallback];
    }),
  );
}
