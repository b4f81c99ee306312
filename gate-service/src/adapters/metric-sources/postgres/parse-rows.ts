import { z } from 'zod';
import type { Amount, Measure } from '../../../contract/kpi-measure.ts';
import { NO_SUMS, type Tally } from '../../../domain/model/tally.ts';
import { type EpochMinute, formatMinute } from '../../../domain/model/time.ts';
import type { Variant } from '../../../domain/model/variant.ts';
import { mergeLogHistograms } from '../../../domain/statistics/log-histogram.ts';
import type { SourceBucket } from '../../../ports/metric-source.ts';
import type { Shape, Value } from './columns.ts';
import { PostgresFault } from './fault.ts';

/** Every value of an answer is a text, so that no digit is lost on the way. */
export type Row = Readonly<Record<string, string | null>>;

const KeySchema = z.object({
  minute: z
    .string()
    .regex(/^-?\d{1,15}$/)
    .nullable(),
  variant: z.string().nullable(),
  cohort: z.string(),
  problem: z.string().nullable(),
});
type Key = z.output<typeof KeySchema>;

const MOST_COHORT_CHARACTERS = 100;
/** Buckets of a histogram outside of it are further away than any time: 1.01^3000 ms are 300 years. */
const FARTHEST_INDEX = 3_000;

/**
 * The rows of `sumsQuery` as buckets.
 * @param ofChange whether a variant is needed
 * @throws PostgresFault `bad_value`, naming the column and the bucket; `bad_schema` when a row is no row of that query
 */
export function parseRows(
  rows: readonly Row[],
  measure: Measure,
  shape: Shape,
  ofChange: boolean,
): readonly SourceBucket[] {
  const read = rows.map((row) => ({ row, ...keyOf(row, ofChange) }));
  if (measure.type !== 'quantile') {
    return read.flatMap(({ row, key, where }) => {
      const tally = tallyOf(measure, shape, row, where);
      return tally.n === 0 && tally.y === 0 ? [] : [{ ...key, tally }];
    });
  }
  const groups = Map.groupBy(read, ({ key }) => JSON.stringify(key));
  return [...groups.values()].flatMap((parts) => {
    const histogram = mergeLogHistograms(
      parts.map(({ row, where }) => {
        const count = toCount('count', row.count, where);
        const index = row.index == null ? null : toIndex(row.index, where);
        if (count === 0) return { zeros: 0, buckets: [] };
        return index === null ? { zeros: count, buckets: [] } : { zeros: 0, buckets: [[index, count] as const] };
      }),
    );
    const n = histogram.buckets.reduce((sum, [, count]) => sum + count, histogram.zeros);
    return n === 0 ? [] : [{ ...parts[0]!.key, tally: { n, y: 0, histogram } }];
  });
}

/** Newest minute among the buckets; null without one. */
export function newestOf(buckets: readonly SourceBucket[]): EpochMinute | null {
  return buckets.reduce<EpochMinute | null>((newest, { minute }) => Math.max(newest ?? minute, minute), null);
}

/**
 * The minute that `freshQuery` answers.
 * @throws PostgresFault `ambiguous`, `bad_schema`
 */
export function parseFresh(rows: readonly Row[]): EpochMinute | null {
  if (rows.length > 1)
    throw new PostgresFault('ambiguous', 'fresh answers several rows; allowed: one, such as select max(…) as seen.');
  const seen = rows[0]?.seen ?? null;
  if (seen === null) return null;
  const minute = Number(seen);
  if (Number.isSafeInteger(minute)) return minute;
  throw new PostgresFault('bad_schema', 'fresh answers no minute.');
}

function keyOf(row: Row, ofChange: boolean): { readonly key: Omit<SourceBucket, 'tally'>; readonly where: string } {
  const parsed = KeySchema.safeParse(row);
  if (!parsed.success) throw new PostgresFault('bad_schema', 'The server answered a row without its bucket.');
  const { minute, variant, cohort, problem } = parsed.data;
  if (minute === null) throw bad('bucket', 'NULL or infinite', 'in at least one row');
  const where = describe(parsed.data);
  if (problem !== null) throw bad(problem.split('/')[0]!, problem.split('/')[1] ?? problem, where);
  if (cohort.length > MOST_COHORT_CHARACTERS)
    throw bad('cohort', `longer than ${MOST_COHORT_CHARACTERS} characters`, where);
  return { key: { minute: Number(minute), variant: ofChange ? variantOf(variant, where) : null, cohort }, where };
}

function describe({ minute, variant }: Key): string {
  return `in the bucket ${formatMinute(Number(minute))}${variant === null ? '' : ` of ${JSON.stringify(variant)}`}`;
}

function variantOf(variant: string | null, where: string): Variant {
  if (variant === 'on' || variant === 'off') return variant;
  throw bad('variant', variant === null ? 'NULL' : 'neither on nor off', where);
}

function tallyOf(measure: Exclude<Measure, { type: 'quantile' }>, { values }: Shape, row: Row, where: string): Tally {
  const step = stepOf(measure);
  const found = new Map(values.map((value) => [value.name, numberOf(value, row[value.name], step, where)]));
  const [n, y] = [found.get('n')!, found.get('y')!];
  if (measure.type === 'proportion' || measure.type === 'rate') {
    if (measure.type === 'proportion' && y > n) throw bad('y', 'above n', where);
    return { n, y };
  }
  const sums = { ...NO_SUMS, ...Object.fromEntries([...found].filter(([name]) => name !== 'n' && name !== 'y')) };
  for (const name of ['clipped', 'missing'] as const) if (sums[name] > n) throw bad(name, 'above n', where);
  assertPossible('y', n, { sum: y, squares: sums.yy, most: mostSteps(amountOf(measure)) }, where);
  if (found.has('d')) {
    const below = measure.type === 'ratio' ? measure.denominator : amountOf(measure);
    assertPossible('d', n, { sum: sums.d, squares: sums.dd, most: mostSteps(below) }, where);
    if (sums.yd ** 2 > (sums.yy + n) * (sums.dd + n) * (1 + TOLERANCE))
      throw bad('yd', 'above what yy and dd allow', where);
  }
  return { n, y, sums };
}

/** Sums in floating point are a little off. */
const TOLERANCE = 1e-9;

/** Sums that no n amounts in [0, cap] can have: most often the cap is not applied to each unit in the query. */
function assertPossible(
  name: 'y' | 'd',
  n: number,
  { sum, squares, most }: { readonly sum: number; readonly squares: number; readonly most: number },
  where: string,
): void {
  const slack = 1 + TOLERANCE;
  if (sum > n * most * slack) throw bad(name, 'above n times the cap: apply the cap to each unit in the query', where);
  if (squares > sum * most * slack + most)
    throw bad(`${name}${name}`, `above ${name} times the cap: apply the cap to each unit in the query`, where);
  if (n > 0 && sum ** 2 / n > (squares + n) * slack)
    throw bad(`${name}${name}`, `below ${name} squared over n: it is the sum of the squares`, where);
}

function mostSteps({ cap, step }: Amount): number {
  return Math.round(cap / step);
}

function amountOf(measure: Extract<Measure, { type: 'mean' | 'ratio' | 'gauge' }>): Amount {
  return measure.type === 'ratio' ? measure.numerator : measure.amount;
}

function stepOf(measure: Exclude<Measure, { type: 'quantile' }>): number {
  return measure.type === 'proportion' || measure.type === 'rate' ? 1 : amountOf(measure).step;
}

/** Counts as they are; amounts of the KPI's unit in steps. */
function numberOf({ name, role }: Value, text: string | null | undefined, step: number, where: string): number {
  if (role === 'count') return toCount(name, text, where);
  const size = role === 'square' ? step ** 2 : step;
  const steps = Math.round(toNumber(name, text, where) / size);
  if (!Number.isSafeInteger(steps)) throw bad(name, 'too large to be kept exactly', where);
  return steps;
}

function toCount(name: string, text: string | null | undefined, where: string): number {
  const value = toNumber(name, text, where);
  if (!Number.isInteger(value)) throw bad(name, 'no whole number', where);
  if (!Number.isSafeInteger(value)) throw bad(name, 'above 2^53 - 1', where);
  return value;
}

function toNumber(name: string, text: string | null | undefined, where: string): number {
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw bad(name, text == null ? 'NULL' : 'not finite', where);
  if (value < 0) throw bad(name, 'negative', where);
  return value;
}

function toIndex(text: string, where: string): number {
  const index = Number(text);
  if (Number.isInteger(index) && Math.abs(index) <= FARTHEST_INDEX) return index;
  throw bad('latency', 'no time in milliseconds', where);
}

function bad(column: string, what: string, where: string): PostgresFault {
  return new PostgresFault(
    'bad_value',
    `The column ${column} is ${what} ${where}. Correct the query or the data; nothing of this answer is used.`,
  );
}
