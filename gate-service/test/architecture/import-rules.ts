import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { CONTRACT_VALUES_FOR_DOMAIN, type Layer, layerOf } from './layers.ts';
import { type ImportUse, listImports } from './list-imports.ts';
import { readSource } from './source-text.ts';

/** A broken rule of the layout. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly found: string;
}

/** Sources by their path from the repository's root. */
export type SourceFiles = ReadonlyMap<string, string>;

const DOMAIN_MODEL = 'gate-service/src/domain/model/';
const ACTION_MAIN = 'action/src/main.ts';

/** Folder of a workspace's sources, with the packages that it declares for run time. */
export type Declared = ReadonlyMap<string, readonly string[]>;

/** Holds every package that a workspace imports against what it declares: development dependencies are not shipped. */
export function checkDependencies(files: SourceFiles, declared: Declared): readonly Violation[] {
  return [...files].flatMap(([file, source]) => {
    const own = [...declared].find(([folder]) => file.startsWith(folder))?.[1] ?? [];
    return listImports(readSource(source)).flatMap(({ specifier, line }) => {
      if (specifier === null || /^[./]|^file:/.test(specifier) || isBuiltin(specifier)) return [];
      if (own.includes(packageOf(specifier))) return [];
      return [{ file, line, rule: 'what src imports is a declared dependency', found: specifier }];
    });
  });
}

/** Holds every import of the files against the layers. @returns what breaks a rule, in the order of the files */
export function checkImports(files: SourceFiles): readonly Violation[] {
  return [...files].flatMap(([file, source]) => {
    const layer = layerOf(file);
    if (layer === null) return [{ file, line: 1, rule: 'every file belongs to a layer', found: file }];
    return listImports(readSource(source)).flatMap((use) => {
      const rule = brokenRule(file, layer, use);
      return rule === null ? [] : [{ file, line: use.line, rule, found: use.specifier ?? 'a computed import' }];
    });
  });
}

function brokenRule(file: string, layer: Layer, use: ImportUse): string | null {
  const { specifier } = use;
  if (specifier === null) return 'imports are literals, so that they can be checked';
  if (specifier.startsWith('.')) return brokenLocalRule(layer, posix.join(posix.dirname(file), specifier), use);
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return 'imports within the repository are relative';
  if (isBuiltin(specifier)) return brokenBuiltinRule(file, layer, use);
  return brokenPackageRule(file, layer, use);
}

function brokenLocalRule(layer: Layer, target: string, { typeOnly }: ImportUse): string | null {
  const other = layerOf(target);
  if (other === null || !layer.from.includes(other.name)) {
    return `${layer.name} imports only ${layer.from.join(', ') || 'nothing'}`;
  }
  const values = layer.name === 'domain' && other.name === 'contract' && !typeOnly;
  if (values && !CONTRACT_VALUES_FOR_DOMAIN.includes(target)) return 'domain takes types, not schemas, from contract';
  return null;
}

function brokenBuiltinRule(file: string, layer: Layer, use: ImportUse): string | null {
  const name = (use.specifier ?? '').replace(/^node:/, '');
  if (layer.builtins !== null && !layer.builtins.includes(name)) {
    return `${layer.name} uses no built-in module but ${layer.builtins.join(', ') || 'none'}`;
  }
  const hashing = file.startsWith(DOMAIN_MODEL) && /^\{\s*createHash\s*,?\s*\}$/.test(use.clause);
  return layer.name === 'domain' && !hashing ? 'domain uses of Node only createHash, in domain/model' : null;
}

function brokenPackageRule(file: string, layer: Layer, { specifier, clause }: ImportUse): string | null {
  const name = (specifier ?? '')
    .split('/')
    .slice(0, specifier?.startsWith('@') ? 2 : 1)
    .join('/');
  const allowed = layer.packages?.some((entry) =>
    entry.endsWith('/*') ? name.startsWith(entry.slice(0, -1)) : name === entry,
  );
  if (allowed === false) return `${layer.name} uses no package but ${layer.packages?.join(', ') || 'none'}`;
  if (layer.name !== 'action' || file === ACTION_MAIN) return null;
  if (name === '@actions/core') return 'only the Action’s main.ts touches the runner';
  const wholeModule = name === '@actions/github' && !/^(?:type\s*)?\{/.test(clause);
  const context =
    name === '@actions/github' && (/\bcontext\b/i.test(clause) || specifier?.includes('context') === true);
  return wholeModule || context ? 'only the Action’s main.ts touches the runner' : null;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
