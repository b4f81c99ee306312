import { describe, expect, test } from 'vitest';
import { checkDependencies, checkImports, type Violation } from './import-rules.ts';
import { LAYERS } from './layers.ts';
import { listImports } from './list-imports.ts';
import { checkPurity } from './purity-rules.ts';
import { readRepositoryFile, readRepositoryFiles } from './repository-files.ts';
import { readSource } from './source-text.ts';

const sources = new Map(
  [...readRepositoryFiles(['gate-service/src', 'action/src'], /\.[cm]?[jt]s$/)].filter(
    ([path]) => !/\.test\.ts$/.test(path),
  ),
);
const say = (violations: readonly Violation[]): readonly string[] =>
  violations.map(({ file, line, rule, found }) => `${file}:${line} ${found}: ${rule}`);

describe('the layout', () => {
  test('is read from the real sources', () => {
    expect(sources.size).toBeGreaterThan(100);
    for (const name of ['contract', 'domain', 'ports', 'services', 'adapters', 'http', 'config', 'action']) {
      const path = LAYERS.find((layer) => layer.name === name)?.path ?? 'no such layer';
      expect(
        [...sources.keys()].filter((file) => file.startsWith(path)),
        name,
      ).not.toEqual([]);
    }
  });

  test('each layer imports only what it may', () => {
    expect(say(checkImports(sources))).toEqual([]);
  });

  test('what runs for users is a declared dependency', () => {
    const declared = ['action', 'gate-service'].map((workspace): [string, string[]] => {
      const { dependencies, optionalDependencies } = JSON.parse(readRepositoryFile(`${workspace}/package.json`));
      return [`${workspace}/src/`, Object.keys({ ...dependencies, ...optionalDependencies })];
    });
    expect(say(checkDependencies(sources, new Map(declared)))).toEqual([]);
  });

  test('clock, randomness, environment, I/O and bare errors stay where they belong', () => {
    expect(say(checkPurity(sources))).toEqual([]);
  });
});

const S = 'gate-service/src';

describe('a planted import is found', () => {
  test.each([
    ['static', `${S}/domain/decision/a.ts`, "import { openStore } from '../../adapters/store/open.ts';"],
    [
      'over several lines',
      `${S}/domain/decision/a.ts`,
      "import {\n  openStore,\n  type Store,\n} from\n  '../../adapters/store/open.ts';",
    ],
    ['side effect', `${S}/domain/decision/a.ts`, "import '../../adapters/store/open.ts';"],
    ['dynamic', `${S}/domain/decision/a.ts`, "const store = import('../../adapters/store/open.ts');"],
    ['dynamic with a template', `${S}/domain/decision/a.ts`, 'const store = import(`../../adapters/store/open.ts`);'],
    ['computed', `${S}/domain/decision/a.ts`, "const store = import('../../adap' + 'ters/store/open.ts');"],
    [
      'in the type of an import',
      `${S}/domain/decision/a.ts`,
      "type Store = import('../../adapters/store/open.ts').Store;",
    ],
    ['re-export', `${S}/domain/decision/a.ts`, "export { openStore } from '../../adapters/store/open.ts';"],
    ['re-export of all', `${S}/domain/decision/a.ts`, "export * as store from '../../adapters/store/open.ts';"],
    ['type', `${S}/domain/decision/a.ts`, "import type { Store } from '../../adapters/store/open.ts';"],
    ['re-exported type', `${S}/domain/decision/a.ts`, "export type { Store } from '../../adapters/store/open.ts';"],
    ['require', `${S}/domain/decision/a.ts`, "const store = require('../../adapters/store/open.ts');"],
    ['after a URL in a string', `${S}/domain/decision/a.ts`, "const a = 'https://x'; import '../../ports/store.ts';"],
    ['inside a template', `${S}/domain/decision/a.ts`, `const a = \`\${await import('../../ports/store.ts')}\`;`],
    ['after a regular expression', `${S}/domain/decision/a.ts`, "const a = /['\"]/; import '../../ports/store.ts';"],

    ['contract ← domain', `${S}/contract/a.ts`, "import { VOID } from '../domain/model/change.ts';"],
    ['contract ← a package', `${S}/contract/a.ts`, "import fastify from 'fastify';"],
    ['contract ← Node', `${S}/contract/a.ts`, "import { readFileSync } from 'node:fs';"],
    ['domain ← ports', `${S}/domain/model/a.ts`, "import type { Clock } from '../../ports/clock.ts';"],
    ['domain ← services', `${S}/domain/model/a.ts`, "import { gate } from '../../services/gate.ts';"],
    [
      'domain ← a schema of contract',
      `${S}/domain/model/a.ts`,
      "import { PolicySchema } from '../../contract/policy.ts';",
    ],
    ['domain ← a type that stays', `${S}/domain/model/a.ts`, "import { type Policy } from '../../contract/policy.ts';"],
    ['domain ← a default named type', `${S}/domain/model/a.ts`, "import type from '../../contract/policy.ts';"],
    ['domain ← a package', `${S}/domain/model/a.ts`, "import { z } from 'zod';"],
    ['domain ← Node', `${S}/domain/model/a.ts`, "import { readFileSync } from 'node:fs';"],
    ['domain ← Node without prefix', `${S}/domain/model/a.ts`, "import { readFileSync } from 'fs';"],
    ['domain ← other cryptography', `${S}/domain/model/a.ts`, "import { createHash, randomUUID } from 'node:crypto';"],
    ['domain ← hashing outside model', `${S}/domain/decision/a.ts`, "import { createHash } from 'node:crypto';"],
    ['ports ← services', `${S}/ports/a.ts`, "import type { Gate } from '../services/gate.ts';"],
    ['ports ← a package', `${S}/ports/a.ts`, "import type { Kysely } from 'kysely';"],
    ['services ← adapters', `${S}/services/a.ts`, "import { openStore } from '../adapters/store/open.ts';"],
    ['services ← http', `${S}/services/a.ts`, "import { route } from '../http/route.ts';"],
    ['services ← config', `${S}/services/a.ts`, "import { readConfig } from '../config/read-config.ts';"],
    ['services ← files', `${S}/services/a.ts`, "import { readFile } from 'node:fs/promises';"],
    ['services ← network', `${S}/services/a.ts`, "import { connect } from 'node:net';"],
    ['services ← files through the back door', `${S}/services/a.ts`, "const fs = process.getBuiltinModule('node:fs');"],
    ['services ← a package', `${S}/services/a.ts`, "import { Kysely } from 'kysely';"],
    ['adapters ← services', `${S}/adapters/a.ts`, "import { gate } from '../services/gate.ts';"],
    ['adapters ← config', `${S}/adapters/a.ts`, "import type { GateConfig } from '../config/read-config.ts';"],
    ['http ← adapters', `${S}/http/a.ts`, "import { openStore } from '../adapters/store/open.ts';"],
    ['http ← scheduler', `${S}/http/a.ts`, "import { runDue } from '../scheduler/run-due.ts';"],
    ['dashboard ← adapters', `${S}/dashboard/a.ts`, "import { openStore } from '../adapters/store/open.ts';"],
    ['scheduler ← adapters', `${S}/scheduler/a.ts`, "import { openStore } from '../adapters/store/open.ts';"],
    ['scheduler ← http', `${S}/scheduler/a.ts`, "import { route } from '../http/route.ts';"],
    ['cli ← adapters', `${S}/cli/a.ts`, "import { openStore } from '../adapters/store/open.ts';"],
    ['config ← services', `${S}/config/a.ts`, "import { gate } from '../services/gate.ts';"],
    ['main ← tests', `${S}/main.ts`, "import { fakeClock } from '../test/fakes/clock.ts';"],
    ['anything ← main', `${S}/cli/a.ts`, "import { main } from '../main.ts';"],
    ['an absolute path', `${S}/adapters/a.ts`, "import '/etc/thing.ts';"],
    ['a file of no layer', `${S}/helpers/a.ts`, 'export const a = 1;'],

    [
      'action ← domain',
      'action/src/commands/a.ts',
      "import type { Change } from '../../../gate-service/src/domain/model/change.ts';",
    ],
    ['action ← services', 'action/src/a.ts', "import { gate } from '../../gate-service/src/services/gate.ts';"],
    ['action ← the runner', 'action/src/commands/a.ts', "import { info } from '@actions/core';"],
    ['action ← the run’s context', 'action/src/github/a.ts', "import { context } from '@actions/github';"],
    [
      'action ← the run’s context by its file',
      'action/src/github/a.ts',
      "import { Context } from '@actions/github/lib/context';",
    ],
    ['action ← all of the toolkit', 'action/src/github/a.ts', "import * as github from '@actions/github';"],
  ])('%s', (_kind, file, source) => {
    expect(checkImports(new Map([[file, source]]))).toHaveLength(1);
  });

  test('a package that is not declared', () => {
    const declared = new Map([[`${S}/`, ['kysely', '@stdlib/beta']]]);
    const source = "import 'kysely/helpers';\nimport '@stdlib/beta/lib';\nimport 'node:fs';\nimport 'unleash-server';";
    expect(checkDependencies(new Map([[`${S}/adapters/a.ts`, source]]), declared)).toMatchObject([
      { line: 4, found: 'unleash-server' },
    ]);
  });

  test('with its file, line and what was found', () => {
    const source = "import { z } from 'zod';\n\nimport { gate } from '../services/gate.ts';\n";
    expect(checkImports(new Map([[`${S}/contract/a.ts`, source]]))).toEqual([
      { file: `${S}/contract/a.ts`, line: 3, rule: 'contract imports only contract', found: '../services/gate.ts' },
    ]);
  });
});

describe('a planted word is found', () => {
  test.each([
    ['a clock', `${S}/domain/a.ts`, 'const now = Date.now();'],
    ['the present', `${S}/domain/a.ts`, 'const now = new Date();'],
    ['the present, in short', `${S}/domain/a.ts`, 'const now = new Date;'],
    ['the present as text', `${S}/domain/a.ts`, 'const now = Date();'],
    ['a monotonic clock', `${S}/domain/a.ts`, 'const now = performance.now();'],
    ['chance', `${S}/domain/a.ts`, 'const chance = Math.random();'],
    ['chance in a template', `${S}/domain/a.ts`, `const chance = \`\${Math.random()}\`;`],
    ['the process', `${S}/domain/a.ts`, "process.emitWarning('a');"],
    ['async', `${S}/domain/a.ts`, 'export async function a() {}'],
    ['a promise', `${S}/domain/a.ts`, 'export const a = Promise.resolve(1);'],
    ['the console', `${S}/domain/a.ts`, 'console.log(1);'],
    ['fetch', `${S}/domain/a.ts`, "const answer = fetch('https://example.com');"],
    ['a timer', `${S}/domain/a.ts`, 'setTimeout(() => 1, 2);'],
    ['the environment in a service', `${S}/services/a.ts`, 'const url = process.env.GATE_URL;'],
    ['the environment by its name', `${S}/services/a.ts`, "const url = process['env'];"],
    ['the environment unpacked', `${S}/services/a.ts`, 'const { env } = process;'],
    ['the environment in the Action', 'action/src/commands/a.ts', 'const sha = process.env.GITHUB_SHA;'],
    ['the environment in a command', `${S}/cli/commands/a.ts`, 'const url = process.env.GATE_URL;'],
    ['a bare error', `${S}/adapters/a.ts`, "throw new Error('no');"],
    ['a bare error without new', 'action/src/a.ts', "throw Error('no');"],
  ])('%s', (_kind, file, source) => {
    expect(checkPurity(new Map([[file, source]]))).toHaveLength(1);
  });
});

describe('what is allowed passes', () => {
  test.each([
    [
      `${S}/contract/render/a.ts`,
      "import { z } from 'zod';\nimport { parse } from 'yaml';\nexport * from '../effect.ts';",
    ],
    [
      `${S}/domain/model/a.ts`,
      "import { createHash } from 'node:crypto';\nimport type { Kpi } from '../../contract/kpi-registry.ts';",
    ],
    [`${S}/domain/a.ts`, "import quantile from '@stdlib/stats-base-dists-beta-quantile';\nconst day = new Date(now);"],
    [
      `${S}/domain/b.ts`,
      "import { GateError } from '../contract/gate-error.ts';\nthrow new GateError('internal', 'a', 'b');",
    ],
    [
      `${S}/domain/c.ts`,
      "// import '../adapters/a.ts'; Date.now()\nconst words = 'process.env and await import';\nconst r = /Math.random()/;",
    ],
    [
      `${S}/domain/d.ts`,
      `const half = a / 2; // Date.now()\nconst x = \`no \${half / 3} clock: Date.now()\`;\nconst d = { async: 1, process: 2 };`,
    ],
    [
      `${S}/services/a.ts`,
      "import { createHmac } from 'node:crypto';\nimport type { Store } from '../ports/store.ts';",
    ],
    [`${S}/main.ts`, "import { openStore } from './adapters/store/open.ts';\nconst url = process.env.DATABASE_URL;"],
    [`${S}/cli/io.ts`, 'const colour = process.env.NO_COLOR;'],
    [
      'action/src/main.ts',
      "import * as core from '@actions/core';\nimport { context } from '@actions/github';\nconst e = process.env;",
    ],
    [
      'action/src/github/client.ts',
      "import { getOctokit } from '@actions/github';\nimport type { KpiId } from '../../../gate-service/src/contract/identifiers.ts';",
    ],
  ])('%s', (file, source) => {
    const files = new Map([[file, source]]);
    expect(say([...checkImports(files), ...checkPurity(files)])).toEqual([]);
  });

  test('a type import is told from a value import', () => {
    const kinds = ['type { A }', 'type A', 'type * as a', '{ type A }', 'type', 'type, { A }', '{ A }', 'typeA'].map(
      (clause) => listImports(readSource(`import ${clause} from './a.ts';`)).map(({ typeOnly }) => typeOnly)[0],
    );
    expect(kinds).toEqual([true, true, true, false, false, false, false, false]);
  });
});
