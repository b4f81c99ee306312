import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { REPOSITORY } from '../../../test/support/gate-files.ts';
import { ADMIN_TOKEN, GateHarness, START } from '../../../test/support/gate-harness.ts';
import { runCli } from '../program.ts';

let cwd: string;
let harness: GateHarness;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'changegate-kpis-'));
  harness = new GateHarness();
  vi.stubEnv('CHANGEGATE_URL', await harness.app.listen({ host: '127.0.0.1', port: 0 }));
  vi.stubEnv('CHANGEGATE_TOKEN', ADMIN_TOKEN);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await harness.close();
  rmSync(cwd, { recursive: true });
});

test('kpis register tells every finding of a broken registry', async () => {
  writeFileSync(join(cwd, 'kpis.yml'), 'one: { title: One, unit: furlong }\ntwo: { direction: sideways }\n');
  let [err, code] = ['', 0];
  await runCli(
    ['node', 'changegate', 'kpis', 'register', 'kpis.yml', '--repository', REPOSITORY],
    { serve: async () => {}, openSources: () => ({ eventSources: [], sources: new Map() }) },
    {
      out: () => undefined,
      err: (text) => {
        err += text;
      },
      cwd,
      color: false,
      now: () => START,
      exit: (value) => {
        code = value;
      },
    },
  );
  expect(code).toBe(2);
  expect(err).toMatch(/^changegate: The files have \d+ errors\.\n/);
  expect(err).toMatch(/^kpis\.yml:1:\d+ error/m);
  expect(err).toMatch(/^kpis\.yml:2:\d+ error/m);
});
