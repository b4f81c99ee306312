import { formatMinute, minuteOf } from '../../../domain/model/time.ts';
import { finite, MatrixSchema, MetadataSchema, VectorSchema } from './answers.ts';
import type { PrometheusConfig } from './config.ts';
import { PrometheusFault } from './fault.ts';
import type { Session } from './http-client.ts';
import type { Template } from './parts.ts';
import { ofChange, type Plan } from './plan.ts';
import { buildQuery, type Selector } from './promql.ts';
import { freshnessQuery, groupsQuery, growthQuery, resetsQuery, samplesQuery } from './queries.ts';

const WEEK_SECONDS = 604_800;
const HOUR_MINUTES = 60;
/** Values above the largest bucket's edge, as a part of those that may be above the quantile. */
const MOST_OVERFLOW = 0.5;
const DAY_MINUTES = 1_440;

/** One instant answer: its series' labels and numbers. */
export async function instant(session: Session, template: Template, nowMs: number) {
  const params = { query: buildQuery(template), time: (nowMs / 1000).toFixed(3) };
  const { result } = await session.post('/api/v1/query', params, VectorSchema);
  return result.map(({ metric, value }) => ({ metric, value: finite(value?.[1] ?? '') }));
}

/**
 * Milliseconds of the newest sample in the last hour, else in the last week; null when there is none. Where the week is
 * needed its hours are counted first: `timestamp()` of every minute of a week takes a server seconds.
 */
export async function newestSample(session: Session, config: PrometheusConfig, selector: Selector, nowMs: number) {
  const inHourBefore = async (endMs: number) => {
    const resolution = config.scrape_interval_seconds;
    const found = await instant(session, (quote) => freshnessQuery(selector, HOUR_MINUTES, resolution, quote), endMs);
    const seconds = found[0]?.value ?? Number.NaN;
    return Number.isNaN(seconds) ? null : seconds * 1000;
  };
  const newest = await inHourBefore(nowMs);
  if (newest !== null) return newest;
  const shape = { by: [], bucketMinutes: HOUR_MINUTES, lookbackMinutes: HOUR_MINUTES };
  const params = {
    query: buildQuery((quote) => samplesQuery(selector, shape, quote)),
    start: String(nowMs / 1000 - WEEK_SECONDS),
    end: String(nowMs / 1000),
    step: String(HOUR_MINUTES * 60),
  };
  const { result } = await session.post('/api/v1/query_range', params, MatrixSchema);
  const hour = result[0]?.values.at(-1);
  return hour === undefined ? null : inHourBefore(hour[0] * 1000);
}

/** @throws PrometheusFault `empty` or `stale` unless every metric that the KPI needs is alive */
export async function requireAlive(
  session: Session,
  config: PrometheusConfig,
  plan: Plan,
  nowMs: number,
): Promise<number> {
  const limit = Math.max(config.stale_after_minutes * 60, 3 * config.scrape_interval_seconds) * 1000;
  const newest = await Promise.all(
    plan.alive.map(async (selector) => {
      const at = await newestSample(session, config, selector, nowMs);
      if (at === null) {
        throw new PrometheusFault(
          'empty',
          `${selector.metric} has no sample in the last week. Look at its name and matchers; nothing is not 0.`,
        );
      }
      if (nowMs - at > limit) {
        throw new PrometheusFault(
          'stale',
          `${selector.metric} was last sampled at ${formatMinute(minuteOf(at))}, ${Math.floor((nowMs - at) / 60_000)} min ago; allowed: ${limit / 60_000} min.`,
        );
      }
      return at;
    }),
  );
  return Math.min(...newest);
}

/** @throws PrometheusFault `ambiguous` when everything is there twice */
export async function requireOneReplica(session: Session, config: PrometheusConfig, plan: Plan, nowMs: number) {
  const labels = config.replica_labels;
  if (labels.length === 0) return;
  const [selector] = plan.alive;
  const found = await instant(
    session,
    (quote) => groupsQuery(selector, labels, config.stale_after_minutes, quote),
    nowMs,
  );
  if (found.length < 2) return;
  const names = found.slice(0, 5).map(({ metric }) => JSON.stringify(metric));
  throw new PrometheusFault(
    'ambiguous',
    `${selector.metric} is there ${found.length} times: ${names.join(', ')}. Deduplicate, or pin one by a matcher.`,
  );
}

/** @throws PrometheusFault `ambiguous` when a variant (and cohort) of a gauge has several series */
export async function requireOneSeries(
  session: Session,
  selector: Selector,
  by: readonly string[],
  minutes: number,
  atMs: number,
) {
  const found = await instant(session, (quote) => groupsQuery(selector, by, minutes, quote), atMs);
  const several = found.find(({ value }) => value > 1);
  if (several === undefined) return;
  const all = await instant(
    session,
    (quote) => groupsQuery(selector, [...by, 'instance', 'job', 'pod'], minutes, quote),
    atMs,
  );
  const names = all.slice(0, 5).map(({ metric }) => JSON.stringify(metric));
  throw new PrometheusFault(
    'ambiguous',
    `${selector.metric} has ${several.value} series for ${JSON.stringify(several.metric)}: ${names.join(', ')}. Narrow the matchers, or say series: many.`,
  );
}

/**
 * @returns whether the server knows the type
 * @throws  PrometheusFault `type_changed` when it is another one
 */
export async function requireType(session: Session, plan: Plan): Promise<boolean> {
  const known = await Promise.all(
    plan.alive.map(async ({ metric }) => {
      // OpenMetrics names the family of a counter without _total, and one of a histogram without _count.
      const names = [...new Set([metric, metric.replace(/_(total|count|bucket|sum)$/, '')])];
      const answers = await Promise.all(
        names.map((name) => session.get('/api/v1/metadata', { metric: name }, MetadataSchema)),
      );
      const types = [...new Set(answers.flatMap((answer, i) => (answer[names[i]!] ?? []).map(({ type }) => type)))];
      const said = types.filter((type) => type !== 'unknown' && type !== 'untyped');
      const wrong = said.find((type) => !fits(type, plan, metric));
      if (wrong !== undefined) {
        throw new PrometheusFault('type_changed', `${metric} is a ${wrong}; this KPI needs a ${plan.expected}.`);
      }
      return said.length > 0;
    }),
  );
  return known.every(Boolean);
}

function fits(type: string, { kind, expected }: Plan, metric: string): boolean {
  // A counter of a rate or a mean may be the _count or _sum of a histogram or summary.
  const isPart = /_(count|sum)$/.test(metric) && (kind === 'counts' || kind === 'amounts');
  return type === expected || (isPart && (type === 'histogram' || type === 'summary'));
}

/** How often the counters of a question were reset, in words; nothing when never, and for what is no counter. */
export async function resetFacts(session: Session, plan: Plan, of: Selector, minutes: number, atMs: number) {
  if (plan.kind === 'gauge' || plan.kind === 'native') return [];
  const [found] = await instant(session, (quote) => resetsQuery(of, minutes, quote), atMs);
  if (!found || !(found.value > 0)) return [];
  return [
    `${of.metric} had ${found.value} resets over all its series: in those buckets its growth is estimated by increase(), to about one scrape interval's worth.`,
  ];
}

/** @throws PrometheusFault `bad_value` when too much lies above the largest edge for the quantile to be known */
export async function requireRoomAbove(
  session: Session,
  config: PrometheusConfig,
  plan: Plan,
  question: { readonly changeId: string | null; readonly quantile: number; readonly minutes: number },
  edges: readonly string[],
  atMs: number,
) {
  const largest = edges.filter((le) => le !== '+Inf').toSorted((left, right) => Number(right) - Number(left))[0];
  if (plan.kind !== 'classic' || largest === undefined) return;
  const { metric, matchers } = ofChange(plan.histogram, config, question.changeId);
  const minutes = Math.max(DAY_MINUTES, question.minutes);
  const shape = {
    by: [...(question.changeId === null ? [] : [config.labels.version_flag]), 'le'],
    bucketMinutes: minutes,
  };
  const ends = {
    metric,
    matchers: [...matchers, { label: 'le', op: '=~' as const, value: `${largest.replaceAll(/[.+]/g, '\\$&')}|\\+Inf` }],
  };
  const found = await instant(
    session,
    (quote) => growthQuery(ends, { ...shape, lookbackMinutes: config.lookback_minutes }, quote),
    atMs,
  );
  for (const ofVariant of Map.groupBy(found, (one) => one.metric[config.labels.version_flag]).values()) {
    const all = ofVariant.find((one) => one.metric.le === '+Inf')?.value ?? 0;
    const above = all - (ofVariant.find((one) => one.metric.le === largest)?.value ?? 0);
    if (above > MOST_OVERFLOW * (1 - question.quantile) * all && above >= 1) {
      throw new PrometheusFault(
        'bad_value',
        `${Math.round(above)} of ${Math.round(all)} values lie above the largest bucket, ${largest}: the quantile is not known. Add larger buckets.`,
      );
    }
  }
}
