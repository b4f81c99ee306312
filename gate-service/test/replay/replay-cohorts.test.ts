import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KpiSegments, MetricEvidence } from '../../src/domain/model/verdict.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { contractOf, TYPES_REGISTRY } from './make-types-file.ts';
import { makePlace, ownFile, type Place } from './replay-runner.ts';

const COHORTS = 'cohorts: [new, "a | b"]\n';
let place: Place;
beforeAll(() => {
  place = makePlace();
  place.write('both.yml', `${ownFile('contract-with-guardrail.yml')}${COHORTS}`);
  place.write('types.yml', TYPES_REGISTRY);
  place.write('revenue.yml', `${contractOf('revenue')}${COHORTS}`);
});
afterAll(() => place.remove());

interface Row {
  readonly at: string;
  readonly text: string;
}

const START = Date.UTC(2026, 10, 2);
const MINUTE_MS = 60_000;

/** Three visits of 300 units each over six days; a unit's later rows name another cohort. */
function visits(): readonly Row[] {
  const random = seededRandom(5);
  return Array.from({ length: 900 }, (_, i): Row => {
    const unit = i % 300;
    const at = new Date(START + (Math.floor(i / 300) * 2880 + random.int(2000)) * MINUTE_MS).toISOString();
    const cohort = i < 300 ? ['new', 'a | b', 'old', ''][unit % 4]! : 'new';
    const kpi = random.next() < 0.5 ? 'booking_conversion' : 'quote_error_rate';
    const outcome = random.next() < 0.4 ? 'success' : 'error';
    return { at, text: [at, `u${unit}`, unit % 2 === 0 ? 'on' : 'off', kpi, outcome, `"${cohort}"`].join(',') };
  });
}

async function evidenceOf(contract: string, registry: string, content: string) {
  place.write('rows.csv', content);
  const files = ['--contract', contract, '--registry', registry, '--events', 'rows.csv', '--evidence', 'evidence.json'];
  const { code, out, err } = await place.run('replay', ...files, '--json');
  expect([code, err]).toEqual([0, '']);
  const pack = JSON.parse(place.read('evidence.json'));
  const recomputed = await place.run('recompute', 'evidence.json');
  expect(recomputed.code).toBe(0);
  return {
    out: JSON.parse(out),
    metrics: pack.evidence.metrics as (MetricEvidence & { kpi_id: string })[],
    segments: pack.verdict.segments as (KpiSegments & { kpi_id: string })[],
  };
}

test('a file is broken down by the cohort of each unit first row, in any order', async () => {
  const rows = visits();
  const head = 'time,unit,variant,kpi,outcome,user_cohort';
  const ordered = rows.toSorted((left, right) => (left.at < right.at ? -1 : 1));
  const told = await evidenceOf('both.yml', 'kpis.yml', [head, ...ordered.map(({ text }) => text)].join('\n'));
  const first = new Map<string, string>();
  for (const { text } of ordered) {
    const [, unit = '', , , , cohort = ''] = text.split(',');
    if (!first.has(unit)) first.set(unit, cohort.replaceAll('"', ''));
  }
  expect(new Set(first.values())).toEqual(new Set(['new', 'a | b', 'old', '']));
  for (const { kpi_id, strata, cohorts } of told.metrics) {
    expect(cohorts!.map(({ cohort }) => cohort)).toEqual(['', 'new', 'a | b']);
    for (const arm of ['off', 'on'] as const) {
      const sum = (part: 'n' | 'y') => cohorts!.reduce((total, row) => total + row[arm][part], 0);
      expect([sum('n'), sum('y')]).toEqual([strata[0]![arm].n, strata[0]![arm].y]);
      expect(sum('n')).toBeGreaterThan(50);
    }
    const units = new Set(ordered.filter(({ text }) => text.includes(kpi_id)).map(({ text }) => text.split(',')[1]!));
    const isAb = [...units].filter((unit) => first.get(unit) === 'a | b').length;
    const row = cohorts!.find(({ cohort }) => cohort === 'a | b')!;
    if (kpi_id === 'booking_conversion') expect(row.off.n + row.on.n).toBe(isAb);
  }
  expect(told.segments.map(({ kpi_id, note }) => [kpi_id, note])).toEqual([
    ['booking_conversion', null],
    ['quote_error_rate', null],
  ]);
  const reversed = await evidenceOf(
    'both.yml',
    'kpis.yml',
    [head, ...ordered.toReversed().map(({ text }) => text)].join('\n'),
  );
  expect(reversed.metrics).toEqual(told.metrics);
});

test('a mean has its squares by cohort too', async () => {
  const random = seededRandom(6);
  const lines = Array.from({ length: 400 }, (_, i) => {
    const at = new Date(START + i * 20 * MINUTE_MS).toISOString();
    return [at, `u${i}`, i % 2 === 0 ? 'on' : 'off', random.int(90), ['new', 'a | b', 'old'][i % 3]].join(',');
  });
  const { segments } = await evidenceOf(
    'revenue.yml',
    'types.yml',
    ['time,unit,variant,value,cohort', ...lines].join('\n'),
  );
  expect(segments[0]).toMatchObject({ note: null });
  expect(segments[0]!.cohorts.map(({ cohort, status }) => [cohort, status])).toEqual([
    ['new', 'ok'],
    ['a | b', 'ok'],
    ['', 'ok'],
  ]);
});

test('a file without cohorts says so', async () => {
  const rows = visits().map(({ text }) => text.split(',').slice(0, 5).join(','));
  const { segments } = await evidenceOf('both.yml', 'kpis.yml', ['time,unit,variant,kpi,outcome', ...rows].join('\n'));
  expect(segments[0]).toMatchObject({ cohorts: [], note: 'There is no data by cohort.' });
});
