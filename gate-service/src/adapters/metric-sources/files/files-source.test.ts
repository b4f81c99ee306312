import { afterEach, describe, expect, test } from 'vitest';
import { BOTH, SUITE_FROM, SUITE_KPIS, type SuiteKind } from '../../../../test/suites/metric-source-observations.ts';
import { MINUTE_MS } from '../../../domain/model/time.ts';
import type { MetricSource, SourceQuestion } from '../../../ports/metric-source.ts';
import { FilesSourceSchema } from './config.ts';
import { createFilesSource, type FilesOptions } from './files-source.ts';
import { type FileEvent, FilesDirectory } from './files-world.fixture.ts';

const open: { source?: MetricSource; directory?: FilesDirectory } = {};
afterEach(async () => {
  await open.source?.close();
  await open.directory?.remove();
});

const NOW = (SUITE_FROM + 60) * MINUTE_MS;
const at = (minute: number) => new Date((SUITE_FROM + minute) * MINUTE_MS).toISOString();
const GOOD: FileEvent = {
  timestamp: at(1),
  event: 'request',
  change_id: BOTH,
  version_flag: 'on',
  user_id: 'canary-user',
  status: 'error',
  event_id: 'e1',
};
const END: FileEvent = { timestamp: at(50), event: 'export_done' };

async function world(files: Record<string, readonly FileEvent[] | string>, config: object = {}) {
  const directory = await FilesDirectory.make();
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string') await directory.write(name, content);
    else await directory.writeEvents(name, content);
  }
  const source = createFilesSource('exports', directory.config({ files: '*.csv', ...config }), { now: () => NOW });
  Object.assign(open, { source, directory });
  return { source, directory };
}

function question(kind: SuiteKind, more: Partial<SourceQuestion> = {}): SourceQuestion {
  const [from, to] = [SUITE_FROM, SUITE_FROM + 30];
  return { kpi: SUITE_KPIS[kind], changeId: BOTH, from, to, bucketMinutes: 1, byCohort: false, ...more };
}

describe('what is not there is named, with what looks alike and the next step', () => {
  const detailOf = async (source: MetricSource, kind: SuiteKind) => {
    const answer = await source.read(question(kind));
    if (answer.status === 'ok') expect.fail('was answered');
    expect(answer.detail).toMatch(/^source exports: /);
    return answer;
  };

  test('the package', async () => {
    const { directory } = await world({ 'a.csv': [GOOD] });
    const load: FilesOptions['load'] = () => Promise.reject(new Error('Cannot find package'));
    const source = createFilesSource('exports', directory.config({ files: '*.csv' }), { now: () => NOW, load });
    const answer = await detailOf(source, 'status');
    expect(answer).toMatchObject({ status: 'source_error', fault: 'not_configured' });
    expect(answer.detail).toContain('npm install @duckdb/node-api@1.5.4-r.1');
  });

  test('a directory', async () => {
    const { directory } = await world({});
    await directory.remove();
    expect(await detailOf(open.source!, 'status')).toMatchObject({ fault: 'not_configured' });
  });

  test('a file', async () => {
    const { source } = await world({ 'events.csv': [GOOD] }, { files: 'event.csv' });
    const answer = await detailOf(source, 'status');
    expect(answer).toMatchObject({ fault: 'not_configured' });
    expect(answer.detail).toContain('did you mean events.csv?');
  });

  test('a column', async () => {
    const { source } = await world({ 'a.csv': `timestamp,event,change_id,version_flag,states\n${at(1)},request,,,\n` });
    const answer = await detailOf(source, 'status');
    expect(answer).toMatchObject({ status: 'source_error', fault: 'bad_query' });
    expect(answer.detail).toContain('no column status (status) in *.csv; did you mean states?');
    expect(answer.detail).toContain('Asked: SELECT * FROM read_csv');
    expect(answer.detail).toContain('columns.status');
  });

  test('a column that the configuration names must be there, even when it could be done without', async () => {
    const { source } = await world({ 'a.csv': [GOOD, END] }, { columns: { event_id: 'uuid' } });
    expect(await detailOf(source, 'status')).toMatchObject({ fault: 'bad_query' });
  });

  test('an event, unless it may be absent', async () => {
    const { source } = await world({ 'a.csv': [GOOD, { ...GOOD, event: 'tickets' }, END] });
    const answer = await detailOf(source, 'rate');
    expect(answer).toMatchObject({ status: 'no_data', fault: 'empty' });
    expect(answer.detail).toContain('no row is a ticket; did you mean tickets?');
    const config = open.directory!.config({ files: '*.csv', may_be_absent: ['ticket'] });
    const patient = createFilesSource('exports', config, { now: () => NOW });
    expect(await patient.read(question('rate'))).toMatchObject({ status: 'ok', buckets: [{ tally: { n: 1, y: 0 } }] });
    await patient.close();
  });

  test('an event without files', async () => {
    const { source } = await world({ 'a.csv': [GOOD] }, { files: undefined, events: { requests: { files: 'a.csv' } } });
    const answer = await detailOf(source, 'status');
    expect(answer.fault).toBe('not_configured');
    expect(answer.detail).toContain('did you mean requests?');
  });
});

describe('content that cannot be read is counted and described, and never shown', () => {
  test.each<[string, SuiteKind, FileEvent, string]>([
    [
      'a time',
      'status',
      { ...GOOD, timestamp: 'canary 12/31/99' },
      'timestamp (time) of a.csv, which looks like "aaaaaa 99/99/99"',
    ],
    ['a time without an offset', 'status', { ...GOOD, timestamp: '2026-11-02T09:15:00' }, '"9999-99-99a99:99:99"'],
    ['no time', 'status', { ...GOOD, timestamp: '' }, 'which is empty'],
    ['a status', 'status', { ...GOOD, status: 'canary' }, 'status (status)'],
    ['a variant', 'status', { ...GOOD, version_flag: 'canary' }, 'version_flag (variant)'],
    ['a value', 'gauge', { ...GOOD, event: 'queue', value: 'canary' }, 'value (value)'],
    ['an infinite value', 'gauge', { ...GOOD, event: 'queue', value: 'inf' }, 'value (value)'],
    ['a latency', 'quantile', { ...GOOD, event: 'page', latency_ms: -1 }, 'latency_ms (latency_ms)'],
    ['a latency that is none', 'quantile', { ...GOOD, event: 'page', latency_ms: 'NaN' }, 'latency_ms (latency_ms)'],
  ])('%s', async (_, kind, bad, told) => {
    const fine = { ...GOOD, event: bad.event ?? null, value: 1, latency_ms: 1 };
    const { source } = await world({ 'a.csv': [fine, bad, END] });
    const answer = await source.read(question(kind));
    expect(answer).toMatchObject({ status: 'source_error', fault: 'bad_value' });
    expect(answer).toHaveProperty('detail', expect.stringContaining('1 rows cannot be read'));
    expect(answer).toHaveProperty('detail', expect.stringContaining(told));
    expect(JSON.stringify(answer)).not.toContain('canary');
  });

  test.each([
    ['a.csv', 'timestamp,event\n"2026-11-02T09:15:00Z,canary\n', 'csv'],
    ['a.csv', `timestamp,event,user_id\n${at(1)},request,canary\n${at(1)},canary\n`, 'csv'],
    ['a.ndjson', `{"timestamp":"${at(1)}","event":"canary"}\n{"timestamp":"canary\n`, 'ndjson'],
    ['a.parquet', 'PAR1 canary', 'parquet'],
    ['a.csv.gz', '', 'csv'],
  ])('%s that is broken', async (name, content, format) => {
    const { source } = await world({ [name]: content }, { files: name, format });
    const answer = await source.read(question('status'));
    expect(answer.status).not.toBe('ok');
    expect(JSON.stringify(answer)).not.toContain('canary');
  });
});

describe('how far files go', () => {
  test('up to the newest row, and less what a trial waits for', async () => {
    const visits = [1, 10, 20].map((minute) => ({
      ...GOOD,
      event: 'visit',
      user_id: `u${minute}`,
      timestamp: at(minute),
    }));
    const order = { ...GOOD, event: 'order', timestamp: at(22), value: 1 };
    const { source } = await world({ 'a.csv': [...visits, order] });
    const answer = await source.read(question('conversion'));
    expect(answer).toMatchObject({ status: 'ok', completeUntil: SUITE_FROM + 19 });
    expect(answer).toHaveProperty('buckets.length', 2);
  });

  test('only as far as the one of several that goes least far', async () => {
    const config = { events: { order: { files: 'orders.ndjson' } } };
    const visit = { ...GOOD, event: 'visit' };
    const order = { ...GOOD, event: 'order', timestamp: at(5) };
    const { source } = await world({ 'a.csv': [visit, END], 'orders.ndjson': [order] }, config);
    expect(await source.read(question('conversion'))).toMatchObject({ completeUntil: SUITE_FROM + 2 });
  });

  test('a row of the future says nothing about it', async () => {
    const { source } = await world({ 'a.csv': [GOOD, { ...END, timestamp: at(600) }] });
    const answer = await source.read(question('status', { from: SUITE_FROM + 10 }));
    expect(answer).toMatchObject({ status: 'ok', completeUntil: SUITE_FROM + 10, buckets: [] });
    expect(answer).toHaveProperty('facts', [expect.stringContaining('1 rows lie in the future')]);
  });

  test('an export that has stopped is stale', async () => {
    const { source } = await world({ 'a.csv': [GOOD] }, { stale_after_minutes: 30 });
    expect(await source.read(question('status', { from: SUITE_FROM + 10 }))).toMatchObject({ status: 'stale' });
    expect(await source.read(question('status'))).toMatchObject({ status: 'ok', completeUntil: SUITE_FROM + 1 });
  });

  test('what named the change before its window is nobody', async () => {
    const { source } = await world({ 'a.csv': [GOOD, { ...GOOD, timestamp: at(3) }, END] });
    const answer = await source.read(question('status', { since: SUITE_FROM + 2 }));
    expect(answer).toMatchObject({ buckets: [{ minute: SUITE_FROM + 3 }] });
  });
});

test('columns and values may be called otherwise, and times may be without zone where that is said', async () => {
  const rows = `day,what,experiment,arm,who,state\n${at(1).replace('T', ' ').slice(0, 19)},Req,${BOTH},B,u1,error\n`;
  const columns = { time: 'day', event: 'what', change: 'experiment', variant: 'arm', unit: 'who', status: 'state' };
  const request = { files: 'r.csv', columns, called: 'Req' };
  const config = { files: undefined, events: { request }, variants: { on: ['B'], off: ['A'] } };
  const { source } = await world(
    { 'r.csv': rows + rows.split('\n')[1]!.replace(':01:', ':09:') },
    { ...config, times_without_zone: 'utc' },
  );
  expect(await source.read(question('status'))).toMatchObject({
    buckets: [{ minute: SUITE_FROM + 1, variant: 'on', tally: { n: 1, y: 1 } }],
  });
});

test('a deadline that has passed is told, and the query with it', async () => {
  const { directory } = await world({ 'a.csv': [GOOD, END] });
  const config = { ...directory.config({ files: '*.csv' }), deadline_seconds: 0 };
  const source = createFilesSource('exports', config, { now: () => NOW });
  expect(await source.read(question('status'))).toMatchObject({ status: 'source_error', fault: 'deadline' });
  await source.close();
});

test('the check tells of an event_id that stands for several events', async () => {
  const { source } = await world({ 'a.csv': [GOOD, { ...GOOD, status: 'success' }, END] });
  const findings = await source.check(SUITE_KPIS.status);
  expect(findings.at(-1)).toMatchObject({ status: 'failed', detail: expect.stringContaining('1 values of event_id') });
});

test.each([
  [{ directory: 'exports' }, 'allowed: an absolute path'],
  [{ files: '../x.csv' }, 'without ..'],
  [{ files: '/etc/passwd' }, 'without ..'],
  [{ files: undefined }, 'missing; allowed: a glob'],
  [{ variants: { on: ['a'], off: ['a'] } }, 'no value that is both'],
  [{ events: { order: { files: 'o.csv', called: 'x' } } }, 'only together with columns.event'],
])('the configuration refuses %j', (more, message) => {
  const parsed = FilesSourceSchema.safeParse({ type: 'files', directory: '/srv/exports', files: '*.csv', ...more });
  expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
});
