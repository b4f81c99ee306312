import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { GateError } from '../../src/contract/gate-error.ts';

/** A series of NAB in whole hours, and the spans that people labelled as incidents. */
export interface LabelledSeries {
  readonly name: string;
  /** Start of the first hour, in ms since 1970; the files name no zone, so UTC is taken. */
  readonly startMs: number;
  /** Sum of each hour, NaN where a sample is missing. */
  readonly hourly: readonly number[];
  /** Labelled spans, in hours since the start, half-open. */
  readonly incidents: readonly { readonly from: number; readonly to: number }[];
}

/** One headline test: how often each arm was shown and clicked. */
export interface HeadlineTest {
  /** When the test was made, in ms since 1970: the first eight digits of its id; null for ids of another form. */
  readonly madeMs: number | null;
  readonly impressions: readonly number[];
  readonly clicks: readonly number[];
}

/** Series whose incidents people know the cause of, or that count what a service served. */
export const NAB_SERIES = [
  'realKnownCause/nyc_taxi.csv',
  'realAWSCloudwatch/elb_request_count_8c0756.csv',
  'realKnownCause/ec2_request_latency_system_failure.csv',
] as const;

const HOUR_MS = 3_600_000;
const OBJECT_ID = /^[0-9a-f]{24}$/;

/**
 * Reads the series and labels of NAB, from a clone of the repository or from a folder with the same files in it.
 * @param folder holds `labels/combined_windows.json` and `data/<series>`; or both side by side, the slash of a series
 *        as `__`. Files may be gzipped.
 * @throws GateError `invalid_input` for a missing or broken file
 */
export function loadNab(folder: string): LabelledSeries[] {
  const labels = readFirst([join(folder, 'labels/combined_windows.json'), join(folder, 'combined_windows.json')]);
  const windows = parseJson(labels.text, labels.path);
  return NAB_SERIES.map((name) => {
    const { text, path } = readFirst(
      [name, name.replace('/', '__')].flatMap((file) => [join(folder, 'data', file), join(folder, file)]),
    );
    const spans = windows[name];
    if (!Array.isArray(spans)) throw broken(labels.path, `it has no windows for ${name}`);
    const rows = rowsOf(text, path, ['timestamp', 'value']).map(({ timestamp, value }) => ({
      ms: utcMs(timestamp, path),
      value: numberOf(value, path),
    }));
    const { startMs, hourly } = hoursOf(rows, path);
    const hourAt = (stamp: unknown) => (utcMs(String(stamp), labels.path) - startMs) / HOUR_MS;
    const incidents = spans.map(([from, to]) => ({ from: Math.floor(hourAt(from)), to: Math.ceil(hourAt(to)) }));
    return { name, startMs, hourly, incidents };
  });
}

/**
 * Reads the arms of headline tests: a CSV with `impressions`, `clicks` and the test's id as `test_id` or, as the archive
 * names it, `clickability_test_id`.
 * @throws GateError `invalid_input` for a missing or broken file
 */
export function loadHeadlines(file: string): HeadlineTest[] {
  const { text, path } = readFirst([file]);
  const tests = new Map<string, { impressions: number[]; clicks: number[] }>();
  for (const row of rowsOf(text, path, ['impressions', 'clicks'])) {
    const id = row.test_id ?? row.clickability_test_id;
    if (!id) throw broken(path, 'a row has neither test_id nor clickability_test_id');
    const test = tests.get(id) ?? { impressions: [], clicks: [] };
    tests.set(id, test);
    test.impressions.push(numberOf(row.impressions, path));
    test.clicks.push(numberOf(row.clicks, path));
  }
  return [...tests].map(([id, arms]) => ({
    madeMs: OBJECT_ID.test(id) ? 1000 * Number.parseInt(id.slice(0, 8), 16) : null,
    ...arms,
  }));
}

function hoursOf(rows: readonly { ms: number; value: number }[], path: string) {
  const [first, second] = rows;
  if (!first || !second) throw broken(path, 'it holds fewer than two rows');
  const samplesPerHour = HOUR_MS / (second.ms - first.ms);
  if (!(samplesPerHour >= 1)) throw broken(path, 'its rows are not in order, or more than an hour apart');
  const startMs = Math.floor(first.ms / HOUR_MS) * HOUR_MS;
  const sums: { sum: number; samples: number }[] = [];
  for (const { ms, value } of rows) {
    const hour = Math.floor((ms - startMs) / HOUR_MS);
    if (!(hour >= sums.length - 1)) throw broken(path, 'its rows are not in order');
    while (sums.length <= hour) sums.push({ sum: 0, samples: 0 });
    const at = sums[hour];
    if (at) Object.assign(at, { sum: at.sum + value, samples: at.samples + 1 });
  }
  const hourly = sums.map(({ sum, samples }) => (samples < Math.floor(samplesPerHour) ? Number.NaN : sum));
  return { startMs, hourly };
}

function readFirst(paths: readonly string[]): { text: string; path: string } {
  const path = paths.flatMap((one) => [one, `${one}.gz`]).find((one) => existsSync(one));
  if (path === undefined) {
    throw new GateError(
      'invalid_input',
      `There is no file ${paths.join(' or ')} (nor with .gz).`,
      'Download it first: `npm run reals -- --help` names the sources.',
    );
  }
  const bytes = readFileSync(path);
  return { text: (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'), path };
}

function rowsOf(text: string, path: string, columns: readonly string[]): Record<string, string>[] {
  const rows = parseCsv(text, path);
  const missing = columns.filter((column) => rows[0]?.[column] === undefined);
  if (missing.length > 0) throw broken(path, `it has no column ${missing.join(', ')}`);
  return rows;
}

function parseCsv(text: string, path: string): Record<string, string>[] {
  try {
    return parse(text, { columns: true, skip_empty_lines: true, bom: true });
  } catch (error) {
    throw broken(path, (error as Error).message);
  }
}

function parseJson(text: string, path: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw broken(path, (error as Error).message);
  }
}

function utcMs(stamp: string | undefined, path: string): number {
  const ms = Date.parse(`${stamp?.trim().slice(0, 19).replace(' ', 'T')}Z`);
  if (Number.isNaN(ms)) throw broken(path, `${stamp} is no time like 2014-07-01 00:30:00`);
  return ms;
}

function numberOf(text: string | undefined, path: string): number {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw broken(path, `${text} is no number`);
  return value;
}

function broken(path: string, what: string): GateError {
  return new GateError('invalid_input', `${path} cannot be used: ${what}.`, 'Download the file again, unchanged.');
}
