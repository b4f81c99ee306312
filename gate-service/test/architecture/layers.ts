/** What one layer may take from the others (docs/adr/0002 and 0003 say why). */
export interface Layer {
  /** Folder ending in `/`, or one file. */
  readonly path: string;
  readonly name: string;
  /** Names of the layers it may import, itself included where that is meant. */
  readonly from: readonly string[];
  /** npm packages, as exact names or as `@scope/*`; null: any. */
  readonly packages: readonly string[] | null;
  /** Built-in modules of Node without `node:`; null: any. */
  readonly builtins: readonly string[] | null;
}

const SERVICE = 'gate-service/src';
const CORE = ['contract', 'domain', 'ports'];

/** The first layer whose path fits a file is the file's layer. */
export const LAYERS: readonly Layer[] = [
  { name: 'contract', path: `${SERVICE}/contract/`, from: ['contract'], packages: ['zod', 'yaml'], builtins: [] },
  {
    name: 'domain',
    path: `${SERVICE}/domain/`,
    from: ['contract', 'domain'],
    packages: ['@stdlib/*', 'simple-statistics', 'canonicalize'],
    builtins: ['crypto'],
  },
  { name: 'ports', path: `${SERVICE}/ports/`, from: CORE, packages: [], builtins: [] },
  {
    name: 'services',
    path: `${SERVICE}/services/`,
    from: [...CORE, 'services'],
    packages: ['zod', 'yaml'],
    builtins: ['crypto', 'buffer', 'util'],
  },
  { name: 'adapters', path: `${SERVICE}/adapters/`, from: [...CORE, 'adapters'], packages: null, builtins: null },
  {
    name: 'config',
    path: `${SERVICE}/config/`,
    from: ['contract', 'config'],
    packages: ['zod', 'yaml'],
    builtins: ['fs', 'path'],
  },
  {
    name: 'client',
    path: `${SERVICE}/client/`,
    from: ['contract', 'client'],
    packages: ['canonicalize'],
    builtins: ['crypto', 'util', 'zlib'],
  },
  { name: 'http', path: `${SERVICE}/http/`, from: [...CORE, 'services', 'http'], packages: null, builtins: null },
  {
    name: 'dashboard',
    path: `${SERVICE}/dashboard/`,
    from: [...CORE, 'services', 'dashboard'],
    packages: null,
    builtins: null,
  },
  {
    name: 'scheduler',
    path: `${SERVICE}/scheduler/`,
    from: [...CORE, 'services', 'scheduler'],
    packages: [],
    builtins: ['timers'],
  },
  {
    name: 'cli',
    path: `${SERVICE}/cli/`,
    from: [...CORE, 'services', 'config', 'cli'],
    packages: null,
    builtins: null,
  },
  {
    name: 'service main',
    path: `${SERVICE}/main.ts`,
    from: [...CORE, 'services', 'adapters', 'config', 'http', 'dashboard', 'scheduler', 'cli'],
    packages: null,
    builtins: null,
  },
  { name: 'action', path: 'action/src/', from: ['contract', 'action'], packages: null, builtins: null },
];

/** Values, not types, that domain/ may take from contract/; all else there is schemas, which it has no use for. */
export const CONTRACT_VALUES_FOR_DOMAIN: readonly string[] = ['gate-error.ts', 'effect.ts'].map(
  (file) => `${SERVICE}/contract/${file}`,
);

export function layerOf(path: string): Layer | null {
  return LAYERS.find((layer) => (layer.path.endsWith('/') ? path.startsWith(layer.path) : path === layer.path)) ?? null;
}
