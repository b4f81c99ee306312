import { formatMinute, MINUTE_MS, minuteOf } from '../../../domain/model/time.ts';
import type { SourceAnswer, SourceQuestion } from '../../../ports/metric-source.ts';
import { MatrixSchema } from './answers.ts';
import { BEFORE_END_SECONDS, type Cell, toCells } from './cells.ts';
import { newestSample, requireOneSeries, requireRoomAbove, resetFacts } from './companions.ts';
import type { PrometheusConfig } from './config.ts';
import { coverageOf } from './coverage.ts';
import { PrometheusFault, toAnswer } from './fault.ts';
import type { PrometheusClient, Session } from './http-client.ts';
import type { ReadKpiState } from './kpi-state.ts';
import { partsOf, type Template } from './parts.ts';
import { ofChange, type Plan, planOf } from './plan.ts';
import { buildQuery, type Selector } from './promql.ts';
import { coverageQuery } from './queries.ts';
import { retentionDays } from './retention.ts';
import { createShare } from './share.ts';
import { toTallies } from './tallies.ts';

/** Servers refuse more than 11,000 points of a series; fewer keep one query light. */
const MOST_POINTS = 4_000;
const DAY_MS = 86_400_000;

/** What is the same for every change that is asked about at the same time. */
export interface SharedReads {
  readonly kpiState: ReadKpiState;
  readonly everybody: (query: string, span: Span) => Promise<readonly Cell[]>;
}

type Span = Pick<SourceQuestion, 'from' | 'to' | 'bucketMinutes'>;

/** Reads buckets of everybody in a session of its own, which nobody else's fault can end, and shares them for a moment. */
export function createReadEverybody(
  config: PrometheusConfig,
  client: PrometheusClient,
  wallClock: () => number,
): SharedReads['everybody'] {
  const share = createShare<readonly Cell[]>(wallClock);
  return (query, { from, to, bucketMinutes }) =>
    share(JSON.stringify([query, from, to, bucketMinutes]), async () => {
      const session = client.open();
      try {
        return await range(session, query, config, { changeId: null, from, to, bucketMinutes });
      } finally {
        session.close();
      }
    });
}

/** Asks everything that one answer needs and puts it together. Never throws. */
export async function readPrometheus(
  config: PrometheusConfig,
  client: PrometheusClient,
  shared: SharedReads,
  question: SourceQuestion,
  nowMs: number,
): Promise<SourceAnswer> {
  let query: string | null = null;
  const session = client.open();
  try {
    const plan = planOf(config, question.kpi);
    const asked = buildAll(plan, config, question);
    query = describeQueries(asked, question);
    return await ask(plan, asked, query, config, session, shared, question, nowMs);
  } catch (error) {
    return toAnswer(error, query);
  } finally {
    session.close();
  }
}

interface Asked {
  readonly parts: Readonly<Record<string, string>>;
  readonly coverage: readonly string[];
}

function buildAll(plan: Plan, config: PrometheusConfig, { changeId, bucketMinutes, byCohort }: SourceQuestion): Asked {
  const { labels } = config;
  const variant = changeId === null ? [] : [labels.version_flag];
  if (byCohort && labels.cohort === undefined) {
    throw new PrometheusFault('not_configured', 'labels.cohort is missing: which label says the cohort.');
  }
  const by = [...variant, ...(byCohort && labels.cohort !== undefined ? [labels.cohort] : [])];
  const shape = { by, bucketMinutes, lookbackMinutes: config.lookback_minutes };
  const templates = partsOf(plan, config, changeId, shape);
  const coverage = plan.alive.map((selector, i): Template => {
    // Only the first metric must have series of each variant; another one may have had nothing to count yet.
    const isFirst = i === 0;
    const of = isFirst ? ofChange(selector, config, changeId) : selector;
    return (quote) => coverageQuery(of, { ...shape, by: isFirst ? variant : [] }, quote);
  });
  return {
    parts: Object.fromEntries(Object.entries(templates).map(([name, template]) => [name, buildQuery(template)])),
    coverage: coverage.map(buildQuery),
  };
}

async function ask(
  plan: Plan,
  asked: Asked,
  query: string,
  config: PrometheusConfig,
  session: Session,
  shared: SharedReads,
  question: SourceQuestion,
  nowMs: number,
): Promise<SourceAnswer> {
  const { changeId, from, to } = question;
  const endMs = Math.min(nowMs, to * MINUTE_MS);
  await requireRetention(session, config, question, nowMs);
  const mine = ofChange(plan.alive[0], config, changeId);
  const [{ newestMs, knowsType }, coverageCells, partCells, resets] = await Promise.all([
    shared.kpiState(plan, nowMs),
    Promise.all(
      asked.coverage.map((text, i) =>
        i === 0 ? range(session, text, config, question) : shared.everybody(text, question),
      ),
    ),
    Promise.all(
      Object.entries(asked.parts).map(
        async ([name, text]) => [name, await range(session, text, config, question)] as const,
      ),
    ),
    resetFacts(session, plan, mine, to - from, endMs),
  ]);
  const coverage = coverageOf(coverageCells, config, question, nowMs);
  const change = await lastOfChange(session, config, question, mine, coverage.newest, nowMs);
  await requireSound(
    plan,
    config,
    session,
    question,
    partCells.flatMap(([, cells]) => cells),
    endMs,
  );
  const { buckets, notFinite } = toTallies(plan, Object.fromEntries(partCells));
  const kept = buckets.filter(({ minute }) => coverage.covered.has(minute));
  if (notFinite > 0 && kept.length === 0) {
    throw new PrometheusFault('not_finite', `${notFinite} buckets, and nothing else, are NaN or infinite.`);
  }
  const kpi = minuteOf(newestMs);
  return {
    status: 'ok',
    buckets: kept,
    completeUntil: coverage.completeUntil,
    lastSeen: { kpi, change: change && Math.min(kpi, change) },
    query,
    facts: [
      ...coverage.facts,
      ...resets,
      ...(notFinite > 0 ? [`${notFinite} buckets were NaN or infinite and are left out.`] : []),
      ...(knowsType ? [] : ["The server does not tell the metrics' types, so that a change of type would go unseen."]),
      ...session.infos,
    ],
  };
}

/**
 * Newest minute with a sample of the change; null in the KPI's own history. A question that lies in a hole is not empty: it
 * has no covered bucket, and the next one goes on from there.
 * @throws PrometheusFault `empty` when the change has none at all
 */
async function lastOfChange(
  session: Session,
  config: PrometheusConfig,
  { changeId, from, to, bucketMinutes }: SourceQuestion,
  mine: Selector,
  newest: number | null,
  nowMs: number,
) {
  if (changeId === null) return null;
  if (newest !== null) return newest + bucketMinutes - 1;
  const at = await newestSample(session, config, mine, nowMs);
  if (at !== null) return minuteOf(at);
  throw new PrometheusFault(
    'empty',
    `${mine.metric} has no sample with ${config.labels.change_id}="${changeId}" from ${formatMinute(from)} to ${formatMinute(to)}, nor in the last week; the KPI itself lives.`,
  );
}

/** @throws PrometheusFault for series that are no sample of what the KPI is about */
async function requireSound(
  plan: Plan,
  config: PrometheusConfig,
  session: Session,
  { kpi, changeId, from, to }: SourceQuestion,
  cells: readonly Cell[],
  endMs: number,
) {
  if (plan.kind === 'gauge' && plan.oneSeries && changeId !== null) {
    const { version_flag, cohort } = config.labels;
    const by = [version_flag, ...(cohort === undefined ? [] : [cohort])];
    await requireOneSeries(session, ofChange(plan.gauge, config, changeId), by, to - from, endMs);
  }
  if (plan.kind === 'classic' && kpi.measure.type === 'quantile') {
    const edges = [...new Set(cells.map(({ le }) => le))];
    const about = { changeId, quantile: kpi.measure.quantile, minutes: to - from };
    await requireRoomAbove(session, config, plan, about, edges, endMs);
  }
}

/** @throws PrometheusFault `retention` when a change began before the oldest sample that is kept */
async function requireRetention(
  session: Session,
  config: PrometheusConfig,
  { changeId, from }: SourceQuestion,
  nowMs: number,
) {
  const ageMs = nowMs - from * MINUTE_MS;
  if (changeId === null || ageMs < DAY_MS) return;
  const days = await retentionDays(session, config);
  if (days !== null && ageMs > days * DAY_MS) {
    throw new PrometheusFault(
      'retention',
      `Samples are kept for ${days} days; the question begins ${formatMinute(from)}, before that. Keep them longer.`,
    );
  }
}

/** A range query in pieces; the buckets of all of them. */
async function range(
  session: Session,
  query: string,
  config: PrometheusConfig,
  question: Pick<SourceQuestion, 'changeId' | 'from' | 'to' | 'bucketMinutes'>,
): Promise<readonly Cell[]> {
  const { from, to, bucketMinutes } = question;
  const found: Cell[] = [];
  for (let start = from; start < to; start += MOST_POINTS * bucketMinutes) {
    const end = Math.min(to, start + MOST_POINTS * bucketMinutes);
    const params = {
      query,
      start: seconds(start + bucketMinutes),
      end: seconds(end),
      step: String(bucketMinutes * 60),
    };
    const matrix = await session.post('/api/v1/query_range', params, MatrixSchema);
    found.push(...toCells(matrix, config, { ...question, from: start, to: end }));
  }
  return found;
}

function seconds(endMinute: number): string {
  return (endMinute * 60 - BEFORE_END_SECONDS).toFixed(3);
}

/** What is kept in the evidence: every query and the times that it was asked for. */
function describeQueries({ parts, coverage }: Asked, { from, to, bucketMinutes }: SourceQuestion): string {
  const texts = [...Object.entries(parts), ...coverage.map((text) => ['coverage', text] as const)];
  const head = `query_range from ${formatMinute(from)} to ${formatMinute(to)}, step ${bucketMinutes}m, at the end of each bucket`;
  return [head, ...texts.map(([name, text]) => `${name}: ${text}`)].join('\n');
}
