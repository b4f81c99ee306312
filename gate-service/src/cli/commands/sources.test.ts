import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeSource } from '../../../test/fakes/fake-source.ts';
import { gateContract } from '../../../test/support/gate-files.ts';
import { START } from '../../../test/support/gate-harness.ts';
import { PULLED_REGISTRY, START_MINUTE } from '../../../test/support/pulled-gate.ts';
import { runCli } from '../program.ts';

let cwd: string;
let source: FakeSource;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'changegate-sources-'));
  mkdirSync(join(cwd, '.changegate'));
  writeFileSync(join(cwd, '.changegate', 'kpis.yml'), PULLED_REGISTRY);
  source = new FakeSource();
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function run(args: readonly string[], name = 'metrics', eventSources: readonly string[] = []) {
  const result = { out: '', err: '', code: 0 };
  await runCli(
    ['node', 'changegate', ...args],
    { serve: async () => {}, openSources: () => ({ eventSources, sources: new Map([[name, source]]) }) },
    {
      out: (text) => {
        result.out += text;
      },
      err: (text) => {
        result.err += text;
      },
      cwd,
      color: false,
      now: () => START,
      exit: (code) => {
        result.code = code;
      },
    },
  );
  return result;
}

describe('doctor', () => {
  test('says for each KPI what its source could answer, and closes what it opened', async () => {
    const { out, code } = await run(['doctor']);
    expect(code).toBe(0);
    expect(out).toContain('booking (source metrics)\n  ok      answers: It answers.\n');
    expect(out).toContain('errors (source metrics)\n');
    expect(source.closed).toBe(true);
  });

  test('a failed check ends in 1; of a contract only the KPIs that it names are asked', async () => {
    source.findings = [{ check: 'retention', status: 'failed', detail: 'It keeps 3 days; 7 are needed.' }];
    const contract = gateContract({ leading: '', guardrails: '' });
    writeFileSync(join(cwd, 'change.yml'), contract);
    const { out, code } = await run(['doctor', '--contract', 'change.yml', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      kpis: [{ kpiId: 'booking', source: 'metrics', findings: source.findings }],
    });
  });

  test('a source that is not configured, and one that events are sent to', async () => {
    const missing = await run(['doctor'], 'other');
    expect(missing.code).toBe(1);
    expect(missing.out).toContain('There is no source metrics; the configuration file has other.');
    const both = await run(['doctor'], 'other', ['web']);
    expect(both.out).toContain('the configuration file has web, other.');
    const sent = await run(['doctor'], 'other', ['metrics']);
    expect(sent.code).toBe(0);
    expect(sent.out).toContain('there is nothing to ask');
  });

  test('files that are not there are a mistake in the call', async () => {
    const { err, code } = await run(['doctor', '--registry', 'nowhere.yml']);
    expect(code).toBe(2);
    expect(err).toContain('nowhere.yml cannot be read: ENOENT');
  });
});

describe('kpi test', () => {
  beforeEach(() => {
    for (const variant of ['off', 'on'] as const)
      source.rows.push({
        kpiId: 'errors',
        changeId: 'chg-1-0000000001',
        variant,
        minute: START_MINUTE - 30,
        tally: { n: 5, y: 1 },
      });
  });

  test('shows the rows, the query and the facts of an hour and of a day', async () => {
    source.spoil((answer) => (answer.status === 'ok' ? { ...answer, facts: ['2 resets'] } : answer));
    const { out, code } = await run(['kpi', 'test', 'errors']);
    expect(code).toBe(0);
    expect(out).toMatch(/^errors \(source metrics\)\n/);
    expect(out).toContain('The last hour with complete outcomes, by minute: 1 rows');
    expect(out).toContain('2026-03-02T08:30Z       n=10 y=2\n');
    expect(out).toContain('Facts:\n  2 resets\n');
    expect(out).toContain('Query:\n  fake errors of everybody');
    expect(source.questions.map(({ bucketMinutes, from, to }) => [bucketMinutes, to - from])).toEqual([
      [1, 60],
      [60, 1_440],
    ]);
  });

  test('rows stand in the order of time, whatever the order of the answer', async () => {
    source.rows.push({ ...source.rows[0]!, minute: START_MINUTE - 40 });
    const { out } = await run(['kpi', 'test', 'errors']);
    expect(out.match(/T08:\d\dZ +n/g)?.slice(0, 2)).toEqual(['T08:20Z       n', 'T08:30Z       n']);
  });

  test('of one change by variant; a non-answer ends in 1', async () => {
    const { out } = await run(['kpi', 'test', 'errors', '--change', 'chg-1-0000000001']);
    expect(out).toContain('2026-03-02T08:30Z  on   n=5 y=1\n');
    source.failWhen(() => 'unauthorised');
    const refused = await run(['kpi', 'test', 'errors']);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('source_error (unauthorised): ');
  });

  test('a KPI that is not there is told with what looks like it', async () => {
    const { err, code } = await run(['kpi', 'test', 'error']);
    expect(code).toBe(2);
    expect(err).toContain('Did you mean errors?');
    expect((await run(['kpi', 'test', 'errors'], 'other')).err).toContain('has no source metrics');
  });
});
