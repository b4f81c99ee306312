import { type EpochMinute, formatMinute } from '../../../domain/model/time.ts';
import type { SourceQuestion } from '../../../ports/metric-source.ts';
import type { Cell } from './cells.ts';
import type { PrometheusConfig } from './config.ts';

export interface Coverage {
  /** Buckets whose numbers can be believed. */
  readonly covered: ReadonlySet<EpochMinute>;
  /** First minute that is not vouched for yet. */
  readonly completeUntil: EpochMinute;
  /** Newest bucket with a sample; null when there is none. */
  readonly newest: EpochMinute | null;
  readonly facts: readonly string[];
}

/**
 * Which buckets were sampled well enough, and how far the answer is whole.
 * @param perMetric samples of the best series by variant, of each metric that the KPI needs; the first has the variants.
 *                  A bucket counts when all of them, and every variant seen in the question, reach the floor
 * @param now       milliseconds since 1970
 */
export function coverageOf(
  perMetric: readonly (readonly Cell[])[],
  config: PrometheusConfig,
  { from, to, bucketMinutes }: Pick<SourceQuestion, 'from' | 'to' | 'bucketMinutes'>,
  now: number,
): Coverage {
  const expected = (bucketMinutes * 60) / config.scrape_interval_seconds;
  const floor = Math.max(1, Math.floor(expected * config.min_coverage));
  const minutes = Array.from({ length: (to - from) / bucketMinutes }, (_, i) => from + i * bucketMinutes);
  const enough = perMetric.map((cells) =>
    [...Map.groupBy(cells, ({ variant }) => variant).values()].map(
      (ofVariant) => new Set(ofVariant.filter(({ value }) => value >= floor).map(({ minute }) => minute)),
    ),
  );
  const isCovered = (minute: EpochMinute) =>
    enough.every((variants) => variants.length > 0 && variants.every((found) => found.has(minute)));

  const settled = Math.floor((now / 1000 - config.settle_seconds - config.scrape_interval_seconds) / 60);
  const stale = now / 60_000 - config.stale_after_minutes;
  let completeUntil = from + Math.max(0, Math.floor((Math.min(to, settled) - from) / bucketMinutes)) * bucketMinutes;
  // Samples of the last minutes may still come; what is older than that is a hole.
  while (completeUntil > from && completeUntil > stale && !isCovered(completeUntil - bucketMinutes)) {
    completeUntil -= bucketMinutes;
  }
  const whole = minutes.filter((minute) => minute < completeUntil);
  const covered = new Set(whole.filter(isCovered));
  const first = whole.find((minute) => !covered.has(minute));
  const sampled = (perMetric[0] ?? []).filter(({ value }) => value > 0).map(({ minute }) => minute);
  return {
    covered,
    completeUntil,
    newest: sampled.length === 0 ? null : Math.max(...sampled),
    facts:
      first === undefined
        ? []
        : [
            `${whole.length - covered.size} of ${whole.length} buckets had too few samples and are left out, the first at ${formatMinute(first)}.`,
          ],
  };
}
