import type { EpochMinute } from '../../../domain/model/time.ts';
import type { Variant } from '../../../domain/model/variant.ts';
import type { SourceQuestion } from '../../../ports/metric-source.ts';
import { finite, type Matrix } from './answers.ts';
import type { PrometheusConfig } from './config.ts';
import { PrometheusFault } from './fault.ts';

/** Which bucket of which group a value belongs to. */
export interface Place {
  readonly minute: EpochMinute;
  readonly variant: Variant | null;
  readonly cohort: string;
}

export interface Cell extends Place {
  /** Upper edge of a classic bucket; '' elsewhere. */
  readonly le: string;
  /** NaN where the server had no finite number. */
  readonly value: number;
  /** Of a native histogram: edges as written and counts. */
  readonly native: readonly (readonly [low: string, high: string, count: string])[] | null;
}

/** Queries are evaluated this long before a bucket's end, so that a sample on an edge belongs to one bucket only. */
export const BEFORE_END_SECONDS = 0.001;
const GRID_SLACK_SECONDS = 0.0005;

/** @throws PrometheusFault when there is more, or something else, than was asked for */
export function toCells(
  { result }: Matrix,
  { labels, variants, max_series }: PrometheusConfig,
  { changeId, from, to, bucketMinutes }: Pick<SourceQuestion, 'changeId' | 'from' | 'to' | 'bucketMinutes'>,
): readonly Cell[] {
  if (result.length > max_series) {
    throw new PrometheusFault('too_large', `There are ${result.length} series; allowed: ${max_series} (max_series).`);
  }
  const minuteOf = (seconds: number) => {
    const end = (seconds + BEFORE_END_SECONDS) / 60;
    const minute = Math.round(end) - bucketMinutes;
    const isOnGrid = Math.abs(end - Math.round(end)) * 60 < GRID_SLACK_SECONDS && (minute - from) % bucketMinutes === 0;
    if (isOnGrid && minute >= from && minute < to) return minute;
    throw new PrometheusFault(
      'bad_schema',
      'The server answers for other times than it was asked for. Switch the alignment of queries off (docs/sources.md).',
    );
  };
  const variantOf = (value: string): Variant | null => {
    if (changeId === null) return null;
    if (value === variants.on) return 'on';
    if (value === variants.off) return 'off';
    throw new PrometheusFault(
      'bad_value',
      `${labels.version_flag}="${value.slice(0, 100)}" is neither "${variants.off}" nor "${variants.on}" in series of this change.`,
    );
  };
  const seen = new Set<string>();
  return result.flatMap(({ metric, values, histograms }) => {
    const group = {
      variant: variantOf(metric[labels.version_flag] ?? ''),
      cohort: labels.cohort === undefined ? '' : (metric[labels.cohort] ?? ''),
      le: metric.le ?? '',
    };
    const key = JSON.stringify(group);
    if (seen.has(key)) throw new PrometheusFault('ambiguous', `Two series answer for one group: ${key}.`);
    seen.add(key);
    return [
      ...values.map(([at, text]) => ({ ...group, minute: minuteOf(at), value: finite(text), native: null })),
      ...histograms.map(([at, { count, buckets }]) => ({
        ...group,
        minute: minuteOf(at),
        value: finite(count),
        native: buckets.map(([, low, high, inside]) => [low, high, inside] as const),
      })),
    ];
  });
}

export function placeKey({ minute, variant, cohort }: Place): string {
  return `${minute}/${variant ?? ''}/${cohort}`;
}
