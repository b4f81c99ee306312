import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../../domain/model/time.ts';
import type { Variant } from '../../../domain/model/variant.ts';
import type { Cell } from './cells.ts';
import { PrometheusSourceSchema } from './config.ts';
import { coverageOf } from './coverage.ts';

const config = PrometheusSourceSchema.parse({
  type: 'prometheus',
  url: 'https://prometheus.example',
  settle_seconds: 15,
  events: {},
});
const [FROM, TO] = [1_000, 1_010];
const LONG_AFTER = (TO + 600) * MINUTE_MS;

/** Samples in each minute of the question, one character a minute. */
function sampled(variant: Variant | null, counts: string): Cell[] {
  return [...counts].flatMap((count, i) =>
    count === '.' ? [] : [{ minute: FROM + i, variant, cohort: '', le: '', value: Number(count), native: null }],
  );
}
const cover = (perMetric: readonly (readonly Cell[])[], now = LONG_AFTER) =>
  coverageOf(perMetric, config, { from: FROM, to: TO, bucketMinutes: 1 }, now);
const minutes = (covered: ReadonlySet<number>) => [...covered].map((minute) => minute - FROM);

test('one scrape of four may be late', () => {
  const { covered, facts, completeUntil } = cover([sampled('on', '4344434444')]);
  expect([covered.size, facts, completeUntil]).toEqual([10, [], TO]);
});

test('a hole of one variant is a hole of both', () => {
  const { covered, facts } = cover([[...sampled('off', '4444444444'), ...sampled('on', '4441..4444')]]);
  expect(minutes(covered)).toEqual([0, 1, 2, 6, 7, 8, 9]);
  expect(facts).toEqual(['3 of 10 buckets had too few samples and are left out, the first at 1970-01-01T16:43Z.']);
});

test('a hole of another metric is one as well, and a metric without a sample covers nothing', () => {
  expect(minutes(cover([sampled('on', '4444444444'), sampled(null, '44..444444')]).covered)).not.toContain(3);
  expect(cover([sampled('on', '4444444444'), []]).covered.size).toBe(0);
});

test('what is not a number covers nothing', () => {
  const odd = sampled('on', '4444444444').map((cell) => ({ ...cell, value: Number.NaN }));
  expect(cover([odd])).toMatchObject({ covered: new Set(), newest: null });
});

test('the newest minutes are waited for: a scrape interval, what is under way, and a hole at the end', () => {
  const whole = [sampled('on', '4444444444')];
  expect(cover(whole, (TO + 0.4) * MINUTE_MS).completeUntil).toBe(TO - 1);
  expect(cover(whole, (TO + 0.5) * MINUTE_MS).completeUntil).toBe(TO);
  const late = [sampled('on', '4444444...')];
  expect(cover(late, (TO + 1) * MINUTE_MS)).toMatchObject({ completeUntil: TO - 3, newest: FROM + 6, facts: [] });
});

test('a hole at the end is one when nothing will come any more', () => {
  const late = [sampled('on', '4444444...')];
  const { completeUntil, covered, facts } = cover(late, (TO + config.stale_after_minutes) * MINUTE_MS);
  expect([completeUntil, covered.size]).toEqual([TO, 7]);
  expect(facts[0]).toContain('3 of 10 buckets');
});

test('before the question has begun nothing is vouched for', () => {
  expect(cover([sampled('on', '4444444444')], (FROM - 5) * MINUTE_MS)).toMatchObject({
    completeUntil: FROM,
    covered: new Set(),
  });
});
