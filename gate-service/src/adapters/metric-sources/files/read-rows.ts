import { z } from 'zod';
import type { Measure } from '../../../contract/kpi-measure.ts';
import { eventsOf } from '../../../domain/model/measure.ts';
import type { Tally } from '../../../domain/model/tally.ts';
import { MINUTE_MS } from '../../../domain/model/time.ts';
import type { SourceBucket, SourceQuestion } from '../../../ports/metric-source.ts';
import type { Row } from './engine.ts';
import { FilesFault } from './fault.ts';
import { MOST_BUCKETS } from './question-sql.ts';
import { ZERO_BUCKET } from './tally-sql.ts';

/** Sums that a double holds exactly; anything else is no count. */
const Count = z.number().refine(Number.isSafeInteger);
const Time = z.number().nullable();

const MetaSchema = z.object({
  kpi_seen: Time,
  change_seen: Time,
  future: Count,
  bad: Count,
  first_bad: z.string().nullable(),
});
const BucketSchema = z.object({
  minute: z.coerce.number().int(),
  v: z.union([z.literal(0), z.literal(1), z.null()]),
  c: z.string(),
  n: Count.min(0),
  y: Count.min(0),
  yy: Count.min(0),
  d: Count,
  dd: Count.min(0),
  yd: Count,
  clipped: Count.min(0),
  missing: Count.min(0),
  indices: z.array(z.number().int()).nullable(),
  counts: z.array(Count.min(1)).nullable(),
});

/** What the files hold, whatever was asked. */
export interface FilesMeta {
  /** Milliseconds of the newest row of each scan; null without a row. */
  readonly newest: readonly (number | null)[];
  readonly kpiSeen: number | null;
  readonly changeSeen: number | null;
  /** Rows with a time that has not come yet. */
  readonly future: number;
  readonly bad: number;
  readonly firstBad: string | null;
  /** Rows of each event that feeds the KPI, in all files. */
  readonly seen: ReadonlyMap<string, number>;
}

/**
 * @param rows the answer to questionSql; where rows of files cannot be read there are no buckets
 * @throws FilesFault too_large for too many buckets, bad_value for sums that are no whole numbers up to 2^53
 */
export function readRows(
  rows: readonly Row[],
  question: SourceQuestion,
): { readonly meta: FilesMeta; readonly buckets: readonly SourceBucket[] } {
  if (rows.length > MOST_BUCKETS)
    throw new FilesFault('too_large', `the answer has more than ${MOST_BUCKETS} buckets; use fewer cohorts`);
  const first = rows[0];
  const meta = MetaSchema.safeParse(first);
  if (!first || !meta.success) throw new FilesFault('bad_schema', 'the answer about the files is not complete');
  const newest = Object.entries(first).flatMap(([name, time]) =>
    name.startsWith('newest_') ? [Time.parse(time)] : [],
  );
  const found = rows.filter(({ minute }) => minute !== null);
  return {
    meta: {
      newest,
      kpiSeen: meta.data.kpi_seen,
      changeSeen: meta.data.change_seen,
      future: meta.data.future,
      bad: meta.data.bad,
      firstBad: meta.data.first_bad,
      seen: new Map(eventsOf(question.kpi.measure).map((event, i) => [event, Number(first[`seen_${i}`])])),
    },
    buckets: meta.data.bad > 0 ? [] : found.map((row) => readBucket(row, question)),
  };
}

/** The minute that a time is in; null for none. */
export function minuteOrNull(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.floor(milliseconds / MINUTE_MS);
}

function readBucket(row: Row, { kpi: { measure }, changeId }: SourceQuestion): SourceBucket {
  const parsed = BucketSchema.safeParse(row);
  if (!parsed.success)
    throw new FilesFault(
      'bad_value',
      `the column ${String(parsed.error.issues[0]?.path[0])} of the answer is no whole number below 2^53; lower the cap of the KPI`,
    );
  const { minute, v, c } = parsed.data;
  const variant = changeId === null ? null : v === 1 ? 'on' : 'off';
  return { minute, variant, cohort: c, tally: toTally(parsed.data, measure) };
}

function toTally(row: z.output<typeof BucketSchema>, { type }: Measure): Tally {
  const { n, y, yy, d, dd, yd, clipped, missing } = row;
  const sums = { yy, d, dd, yd, clipped, missing };
  switch (type) {
    case 'proportion':
    case 'rate':
      return { n, y };
    case 'quantile':
      return { n, y, ...(missing > 0 && { sums }), histogram: toHistogram(row.indices ?? [], row.counts ?? []) };
    case 'mean':
    case 'ratio':
    case 'gauge':
      return { n, y, sums };
    default:
      return type satisfies never;
  }
}

function toHistogram(indices: readonly number[], counts: readonly number[]) {
  const pairs = indices.map((index, i) => [index, counts[i]!] as const);
  const zeros = pairs.find(([index]) => index === ZERO_BUCKET)?.[1] ?? 0;
  return { zeros, buckets: pairs.filter(([index]) => index !== ZERO_BUCKET) };
}
