import { expect, test } from 'vitest';
import { BOTH, SUITE_FROM, SUITE_KINDS, SUITE_KPIS } from '../../../../test/suites/metric-source-observations.ts';
import type { SourceQuestion } from '../../../ports/metric-source.ts';
import { DEFAULT_COLUMNS, FilesSourceSchema } from './config.ts';
import { questionSql } from './question-sql.ts';
import type { Fields, Scan } from './scan.ts';
import { identifier, text } from './sql-text.ts';

const CONFIG = FilesSourceSchema.parse({ type: 'files', directory: '/srv', files: '*.parquet' });

function sqlOf(kind: (typeof SUITE_KINDS)[number], more: Partial<Scan> = {}, question: Partial<SourceQuestion> = {}) {
  const types: Readonly<Record<string, string>> = { time: 'TIMESTAMP', value: 'DOUBLE', latency_ms: 'DOUBLE' };
  const entries = Object.entries(DEFAULT_COLUMNS).map(([field, column]) => [
    field,
    { column, type: types[field] ?? 'VARCHAR' },
  ]);
  const fields = Object.fromEntries(entries) as Fields;
  const scan: Scan = {
    pattern: '*.parquet',
    paths: ['/srv/a.parquet'],
    format: 'parquet',
    delimiter: ',',
    columns: {},
    events: ['request', 'ticket', 'visit', 'order', 'item', 'page', 'queue'],
    only: null,
    elsewhere: [],
    ...more,
  };
  const minutes = { from: SUITE_FROM, to: SUITE_FROM + 60, bucketMinutes: 60, byCohort: false } as const;
  return questionSql(
    [{ scan, fields }],
    { kpi: SUITE_KPIS[kind], changeId: BOTH, ...minutes, ...question },
    CONFIG,
    1_793_610_000_000,
  );
}

test.each(SUITE_KINDS)('%s, word for word', async (kind) => {
  await expect(`${sqlOf(kind)}\n`).toMatchFileSnapshot(`golden/${kind}.sql`);
});

test("a KPI's own history by cohort, word for word", async () => {
  const sql = sqlOf('mean', { format: 'csv', paths: ['/srv/a.csv', '/srv/b.csv'] }, { changeId: null, byCohort: true });
  await expect(`${sql}\n`).toMatchFileSnapshot('golden/mean-history-cohorts.sql');
});

test('no name can leave its quotes', () => {
  expect(identifier('a"; DROP TABLE x; --')).toBe('"a""; DROP TABLE x; --"');
  expect(text("it's'; --")).toBe("'it''s''; --'");
  expect(() => text('a\0b')).toThrow('NUL');
  const path = "/srv/o'); COPY (SELECT 1) TO '/tmp/x'; --.parquet";
  expect(sqlOf('status', { paths: [path] })).toContain(`read_parquet(['${path.replaceAll("'", "''")}'], `);
});
