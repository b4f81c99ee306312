import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { READ_LIMITS } from '../../src/cli/replay/limits.ts';
import { makeVocabulary } from '../../src/cli/replay/parse-value.ts';
import { openSource } from '../../src/cli/replay/read-rows.ts';
import { replayFile } from '../../src/cli/replay/replay-file.ts';
import { readFilesOrThrow } from '../../src/services/read-files.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { csvOf, jobRows, SMALL_SHOP } from './make-jobs-file.ts';
import { contractOf, TYPES_REGISTRY, type TypeKpi, typeRows, typesCsv } from './make-types-file.ts';
import { ownFile } from './replay-runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'changegate-limits-'));
afterAll(() => rmSync(folder, { recursive: true }));

const files = {
  contract: { path: 'contract.yml', text: ownFile('contract-with-guardrail.yml') },
  registry: { path: 'kpis.yml', text: ownFile('kpis.yml') },
  policy: null,
};

async function replay(content: string, limits = READ_LIMITS, read: Parameters<typeof readFilesOrThrow>[0] = files) {
  const path = join(folder, 'file.csv');
  writeFileSync(path, content);
  const { contract, kpis } = readFilesOrThrow(read);
  return replayFile(
    {
      contract,
      kpis,
      contractPath: 'contract.yml',
      source: await openSource('file.csv', path, { delimiter: ',' }),
      maps: [],
      vocabulary: makeVocabulary([]),
      kpiId: null,
      only: null,
      share: null,
      utc: false,
    },
    limits,
  );
}

test('a file that is too large to be held at once is read in parts, with the same answer', async () => {
  const random = seededRandom(2);
  const rows = [...jobRows({ ...SMALL_SHOP, rows: 3000 })].flatMap(({ time, unit, variant, outcome }, at) => [
    { order: random.next(), line: `${time},${unit},${variant},booking_conversion,${outcome},b${at}` },
    {
      order: random.next(),
      line: `${time},${unit},${variant},quote_error_rate,${at % 30 === 0 ? 'no' : 'yes'},e${at % 2900}`,
    },
  ]);
  const lines = rows.toSorted((left, right) => left.order - right.order).map(({ line }) => line);
  const again = lines.filter((_, at) => at % 20 === 0);
  const content = `time,unit,variant,kpi,outcome,event_id\n${[...lines, ...again].join('\n')}\n`;
  const whole = await replay(content);
  expect(whole.survey.disorder).toBeGreaterThan(10_000);
  expect(whole.survey.conflicts.size).toBe(100);
  expect(whole.survey.duplicates.total).toBeGreaterThan(200);
  const parts = await replay(content, { ids: 500, trials: 400 });
  expect(parts.replay).toEqual(whole.replay);
  expect(parts.survey.duplicates.total).toBe(whole.survey.duplicates.total);
});

test('a unit needs less than 200 bytes, whatever weeks it comes in', async () => {
  const rows = [...jobRows({ ...SMALL_SHOP, rows: 60_000, historyDays: 84, returning: 0 })];
  const { tallied } = await replay(csvOf(rows));
  expect(tallied.units).toBe(60_000);
  expect(tallied.bytesOfUnits / tallied.units).toBeLessThan(200);
});

const typesFiles = (kpi: TypeKpi) => ({
  contract: { path: 'contract.yml', text: contractOf(kpi) },
  registry: { path: 'kpis.yml', text: TYPES_REGISTRY },
  policy: null,
});

test('latencies are read in parts, with the same answer', async () => {
  const random = seededRandom(4);
  const speeds = typeRows(5).filter(({ kpi }) => kpi === 'speed');
  // Each trial has a second row, which may be slower, and the file is in no order.
  const again = speeds.map((row) => ({ ...row, cells: { latency_ms: 50 + random.int(200) } }));
  const mixed = [...speeds, ...again]
    .map((row) => ({ row, order: random.next() }))
    .toSorted((left, right) => left.order - right.order);
  const content = typesCsv(mixed.map(({ row }) => row));
  const whole = await replay(content, READ_LIMITS, typesFiles('speed'));
  const parts = await replay(content, { ids: 500, trials: 400 }, typesFiles('speed'));
  expect(whole.tallied.data[0]!.own.reduce((sum, { n }) => sum + n, 0)).toBe(
    speeds.filter(({ variant }) => variant !== '').length,
  );
  expect(parts.replay).toEqual(whole.replay);
});

test.each(['revenue', 'order_value'] as const)('a unit of %s needs less than 600 bytes', async (kpi) => {
  const content = typesCsv(typeRows(30).filter((row) => row.kpi === kpi));
  const { tallied } = await replay(content, READ_LIMITS, typesFiles(kpi));
  expect(tallied.units).toBe(30 * 5 * 168);
  expect(tallied.bytesOfUnits / tallied.units).toBeLessThan(600);
});
